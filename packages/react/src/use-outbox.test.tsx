import { createSocket, holdfast, memory, type Socket } from '@holdfast/core';
import { createTestWorld } from '@holdfast/core/testing';
import { act, cleanup, render } from '@testing-library/react';
import { StrictMode, useLayoutEffect, type ReactNode } from 'react';
import { afterEach, expect, test } from 'vitest';
import { testConversation } from './conversation.fixture.ts';
import type { OutboxEntry } from './outbox-store.ts';
import { useOutbox, type OutboxView } from './use-outbox.ts';

afterEach(cleanup);

/** Shows an outbox and counts its renders. */
function probe(socket: Socket) {
  const seen: OutboxView[] = [];
  function Probe(): ReactNode {
    seen.push(useOutbox(socket));
    return null;
  }
  const { unmount } = render(<Probe />);
  return {
    view: () => seen.at(-1) as OutboxView,
    shown: () => seen.at(-1)?.items.map(words),
    renders: () => seen.length,
    unmount,
  };
}

function words(entry: OutboxEntry): unknown[] {
  return entry.status === 'failed' ? [entry.status, entry.error.code, entry.data] : [entry.status, entry.bytes];
}

test('shows what waits, what is in flight, and nothing of what is delivered', async () => {
  const { socket, pass, world } = testConversation();
  const { shown } = probe(socket);
  expect(shown()).toEqual([]);
  socket.send('one');
  await pass(0);
  await pass(20);
  expect(shown()).toEqual([['queued', 5]]);
  await pass(1_000);
  expect(shown()).toEqual([]);
  world.network.blackHole();
  socket.send('two');
  await pass(100);
  expect(shown()).toEqual([['inFlight', 5]]);
  world.network.heal();
  await pass(1_000);
  expect(shown()).toEqual([]);
  await act(() => socket.close());
});

test('renders once a frame however much is sent, and not when only the connection changes', async () => {
  const { socket, pass } = testConversation({ autoConnect: false });
  const { shown, renders } = probe(socket);
  const before = renders();
  for (let index = 0; index < 300; index += 1) socket.send(index);
  await pass(100);
  expect([shown()?.length, renders() - before]).toEqual([100, 1]);
  act(() => socket.pause());
  await pass(100);
  expect(renders() - before).toBe(1);
  await act(() => socket.close());
});

test('what failed is kept with what it carried, and is sent again', async () => {
  const { socket, pass, server } = testConversation();
  const { shown, view } = probe(socket);
  socket.send('no');
  socket.send('yes');
  await pass(1_000);
  expect(shown()).toEqual([['failed', 'REFUSED', 'no']]);
  const [failed] = view().items;
  let receipt;
  act(() => {
    receipt = view().retry(failed?.id ?? '', { lane: 'urgent' });
  });
  expect(receipt).toMatchObject({ status: 'queued' });
  expect(shown()).toEqual([['queued', 4]]);
  await pass(1_000);
  expect(shown()).toEqual([['failed', 'REFUSED', 'no']]);
  expect(view().items[0]?.id).not.toBe(failed?.id);
  expect(view().retry(failed?.id ?? '')).toBe(null);
  expect(server.taken).toEqual(['yes']);
  await act(() => socket.close());
});

test('what is refused in a layout effect of the first commit is on the list', async () => {
  const { socket, pass } = testConversation({ autoConnect: false });
  function Page(): ReactNode {
    useLayoutEffect(() => {
      socket.send('x'.repeat(300_000));
    }, []);
    return useOutbox(socket)
      .items.map(({ status }) => status)
      .join();
  }
  const { container } = render(<Page />);
  await pass(100);
  expect(container.textContent).toBe('failed');
  await act(() => socket.close());
});

test('what is sent again goes in its lane and lives as long, but for what retry is told', async () => {
  const { socket, pass } = testConversation({ outbox: memory({ maxMessages: 2, overflow: 'drop-oldest' }) });
  const { shown, view } = probe(socket);
  const { signal } = new AbortController();
  act(() => socket.pause());
  socket.send('dropped', { lane: 'urgent', ttlMs: 5_000, signal });
  for (const text of ['a', 'b']) socket.send(text, { lane: 'urgent' });
  socket.send('normal');
  await pass(100);
  expect(view().items[0]).toMatchObject({ status: 'failed', options: { lane: 'urgent', ttlMs: 5_000 } });
  expect(view().items[0]).not.toHaveProperty('options.signal');
  socket.outbox.list().forEach(({ id }) => socket.outbox.cancel(id));
  await pass(100);
  socket.send('normal');
  act(() => void view().retry(view().items[0]?.id ?? ''));
  await pass(100);
  expect(shown()).toEqual([
    ['queued', 9],
    ['queued', 8],
  ]);
  await pass(5_000);
  expect(shown()).toEqual([
    ['failed', 'EXPIRED', 'dropped'],
    ['queued', 8],
  ]);
  act(() => void view().retry(view().items[0]?.id ?? '', { lane: 'normal' }));
  await pass(100);
  expect(shown()).toEqual([
    ['queued', 8],
    ['queued', 9],
  ]);
  await act(() => socket.close());
});

test('cancel withdraws what waits and dismisses what failed; neither is shown as a failure', async () => {
  const { socket, pass } = testConversation();
  const { shown, view } = probe(socket);
  socket.send('no');
  await pass(1_000);
  act(() => socket.pause());
  socket.send('waits');
  await pass(100);
  expect(shown()).toHaveLength(2);
  const [failed, waiting] = view().items;
  act(() => {
    expect(view().cancel(failed?.id ?? '')).toBe(true);
  });
  expect(shown()).toEqual([['queued', 7]]);
  expect(view().cancel(waiting?.id ?? '')).toBe(true);
  await pass(100);
  expect(shown()).toEqual([]);
  expect(view().cancel(waiting?.id ?? '')).toBe(false);
  await act(() => socket.close());
});

test('clear takes everything that may be taken', async () => {
  const { socket, pass } = testConversation();
  const { shown, view } = probe(socket);
  socket.send('no');
  await pass(1_000);
  act(() => socket.pause());
  for (const text of ['a', 'b']) socket.send(text);
  await pass(100);
  expect(shown()).toHaveLength(3);
  await act(() => view().clear());
  await pass(100);
  expect(shown()).toEqual([]);
  await act(() => socket.close());
});

test('what fails while the list is not shown is there when it is shown again, the newest 100', async () => {
  const { socket, pass } = testConversation();
  probe(socket).unmount();
  for (let index = 0; index < 101; index += 1) socket.send('no');
  socket.send('x'.repeat(300_000));
  await pass(5_000);
  const { shown } = probe(socket);
  expect(shown()).toHaveLength(100);
  expect(shown()?.slice(0, 2)).toEqual([
    ['failed', 'REFUSED', 'no'],
    ['failed', 'REFUSED', 'no'],
  ]);
  await act(() => socket.close());
});

test('several components show the same, in Strict Mode too, and the actions stay the same functions', async () => {
  const { socket, pass } = testConversation({ autoConnect: false });
  const functions = new Set<unknown>();
  function Count(): ReactNode {
    const { items, retry } = useOutbox(socket);
    functions.add(retry);
    return items.length;
  }
  const { container } = render(
    <StrictMode>
      <Count /> <Count />
    </StrictMode>,
  );
  functions.clear();
  for (let index = 0; index < 3; index += 1) socket.send(index);
  await pass(100);
  expect(container.textContent).toBe('3 3');
  expect(functions.size).toBe(2);
  await act(() => socket.close());
});

test('what a frozen page could neither send nor store has failed: the app did not withdraw it', async () => {
  const world = createTestWorld();
  const { page } = world;
  const options = { url: 'wss://chat.test/socket', protocol: holdfast(), autoConnect: false };
  const socket = createSocket({ ...options, environment: page.environment, outbox: page.outbox() });
  const pass = (ms: number): Promise<void> => act(() => world.clock.advance(ms));
  const { shown, view } = probe(socket);
  await pass(100);
  socket.send('stored');
  await pass(100);
  page.freeze();
  await pass(100);
  const next = world.openPage();
  const adopter = createSocket({ ...options, environment: next.environment, outbox: next.outbox() });
  await pass(1_000);
  expect(adopter.outbox.list()).toHaveLength(1);
  socket.send('neither');
  page.resume();
  await pass(1_000);
  expect(shown()).toEqual([['failed', 'ABORTED', 'neither']]);
  act(() => void view().retry(view().items[0]?.id ?? ''));
  await pass(100);
  expect(shown()).toEqual([['queued', 9]]);
  await act(() => world.clock.until(Promise.all([socket.close(), adopter.close()])));
});
