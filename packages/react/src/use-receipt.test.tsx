import { createSocket, holdfast, type Receipt, type Socket } from '@holdfast/core';
import { act, cleanup, render } from '@testing-library/react';
import { StrictMode, type ReactNode } from 'react';
import { afterEach, expect, test, vi } from 'vitest';
import { testConversation } from './conversation.fixture.ts';
import { useReceipt, type Delivery } from './use-receipt.ts';

afterEach(cleanup);

/** Shows a receipt and keeps what was rendered. */
function probe(socket: Socket, receipt: Receipt | null) {
  const seen: (Delivery | null)[] = [];
  function Probe({ of }: { of: Receipt | null }): ReactNode {
    const delivery = useReceipt(socket, of);
    if (seen.length === 0 || delivery?.status !== seen.at(-1)?.status) seen.push(delivery);
    return null;
  }
  const page = (of: Receipt | null): ReactNode => (
    <StrictMode>
      <Probe of={of} />
    </StrictMode>
  );
  const view = render(page(receipt));
  return { seen, show: (of: Receipt | null) => view.rerender(page(of)), unmount: view.unmount };
}

const statuses = (seen: readonly (Delivery | null)[]): unknown[] => seen.map((delivery) => delivery?.status ?? null);

test('a message is queued, sent and delivered', async () => {
  const { socket, pass, world } = testConversation();
  await pass(1_000);
  world.network.blackHole();
  const { seen } = probe(socket, socket.send('hello'));
  await pass(100);
  expect(statuses(seen)).toEqual(['queued', 'sent']);
  world.network.heal();
  await pass(1_000);
  expect(statuses(seen)).toEqual(['queued', 'sent', 'delivered']);
  await act(() => socket.close());
});

test('with a stored outbox it is stored before it is sent, and back there when the connection is lost', async () => {
  const { world, pass } = testConversation();
  const { page, network, clock } = world;
  const socket = createSocket({
    url: 'wss://chat.test/socket',
    protocol: holdfast(),
    environment: page.environment,
    outbox: page.outbox(),
    autoConnect: false,
  });
  const { seen } = probe(socket, socket.send('hello'));
  await pass(100);
  expect(statuses(seen)).toEqual(['queued', 'stored']);
  socket.connect();
  await act(() => clock.until(socket.whenOpen()));
  network.blackHole();
  await pass(100);
  expect(statuses(seen).at(-1)).toBe('sent');
  network.cut();
  await pass(100);
  expect(statuses(seen).at(-1)).toBe('stored');
  network.heal();
  await pass(60_000);
  expect(statuses(seen).at(-1)).toBe('delivered');
  await act(() => clock.until(socket.close()));
});

test('one that fails tells why', async () => {
  const { socket, pass } = testConversation();
  const { seen } = probe(socket, socket.send('no'));
  await pass(1_000);
  expect(seen.at(-1)).toMatchObject({ status: 'failed', error: { code: 'REFUSED' } });
  await act(() => socket.close());
});

test('null is null; another receipt is shown at once, also one that has its end', async () => {
  const { socket, pass } = testConversation();
  await pass(1_000);
  const first = socket.send('hello');
  await pass(1_000);
  const { seen, show } = probe(socket, null);
  show(first);
  show(null);
  expect(statuses(seen)).toEqual([null, 'delivered', null]);
  await act(() => socket.close());
});

test('an unmount in flight ends it', async () => {
  const { socket, pass } = testConversation();
  const { seen, unmount } = probe(socket, socket.send('hello'));
  unmount();
  await pass(1_000);
  expect(statuses(seen)).toEqual(['queued']);
  await act(() => socket.close());
});

test.each([undefined, 'm1', {}, Promise.resolve()])('what is no receipt is named: %o', async (given) => {
  const { socket } = testConversation();
  const silent = vi.spyOn(console, 'error').mockImplementation(() => {});
  expect(() => probe(socket, given as never)).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining('receipt') as string }),
  );
  silent.mockRestore();
  await act(() => socket.close());
});
