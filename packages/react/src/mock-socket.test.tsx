import { act, cleanup, render } from '@testing-library/react';
import { Server, type Client } from 'mock-socket';
import { StrictMode, type ReactNode } from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { pass } from './mock-server.fixture.ts';
import { useConnectionState } from './use-connection-state.ts';
import { useOnMessage } from './use-on-message.ts';
import { useSocket } from './use-socket.ts';

// The hooks over a WebSocket that is none of ours, as apps that test with mock-socket have it.

const URL_TEXT = 'ws://chat.test/mock';

let server: Server;
let clients: Client[];
let received: unknown[];
let heard: unknown[];

beforeEach(() => {
  vi.useFakeTimers();
  [clients, received, heard] = [[], [], []];
  serve();
});

afterEach(async () => {
  cleanup();
  await pass(60_000);
  expect(server.clients()).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
  server.stop();
  vi.useRealTimers();
});

/** Puts the mock in the place of the global WebSocket. */
function serve(): void {
  server = new Server(URL_TEXT);
  server.on('connection', (client) => {
    clients.push(client);
    client.on('message', (data) => received.push(data));
  });
}

function Chat(): ReactNode {
  const socket = useSocket(URL_TEXT);
  useOnMessage(socket, (message) => heard.push(message));
  const phase = useConnectionState(socket, (state) => state.phase);
  return <button onClick={() => socket.send({ text: 'hello' })}>{phase}</button>;
}

test('connects, sends and hears', async () => {
  const { getByRole } = render(<Chat />);
  expect(getByRole('button').textContent).toBe('connecting');
  await pass(100);
  expect(getByRole('button').textContent).toBe('open');
  act(() => getByRole('button').click());
  for (const text of ['one', 'two']) clients[0]?.send(JSON.stringify({ text }));
  await pass(100);
  expect(received).toEqual(['{"text":"hello"}']);
  expect(heard).toEqual([{ text: 'one' }, { text: 'two' }]);
});

test('a server that closes is connected to again, and hears what was sent meanwhile', async () => {
  const { getByRole } = render(<Chat />);
  await pass(100);
  clients[0]?.close({ code: 1012, reason: 'restart', wasClean: true });
  await pass(10);
  expect(getByRole('button').textContent).toBe('waiting');
  act(() => getByRole('button').click());
  // Longer than the longest wait between two tries.
  await pass(40_000);
  expect(getByRole('button').textContent).toBe('open');
  expect(clients).toHaveLength(2);
  expect(received).toEqual(['{"text":"hello"}']);
  clients[1]?.send('"again"');
  expect(heard).toEqual(['again']);
});

test('a server that is gone for a while is found again', async () => {
  const { getByRole } = render(<Chat />);
  await pass(100);
  server.close({ code: 1006, reason: '', wasClean: false });
  server.stop();
  await pass(3_000);
  expect(getByRole('button').textContent).not.toBe('open');
  serve();
  // Longer than the longest wait between two tries.
  await pass(40_000);
  expect(getByRole('button').textContent).toBe('open');
});

test('Strict Mode opens one connection and hears each message once', async () => {
  render(
    <StrictMode>
      <Chat />
    </StrictMode>,
  );
  await pass(100);
  clients[0]?.send('1');
  await pass(5_000);
  expect([clients.length, heard]).toEqual([1, [1]]);
});

test('unmounted it hears nothing more, and the connection ends after its idle time', async () => {
  const { unmount } = render(<Chat />);
  await pass(100);
  unmount();
  clients[0]?.send('1');
  await pass(900);
  expect([server.clients().length, heard]).toEqual([1, []]);
  await pass(200);
  expect(server.clients()).toEqual([]);
});
