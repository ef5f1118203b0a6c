import type { Receipt } from '@holdfast/core';
import { cleanup, render } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fakeSocket, type FakeSocket } from './fake-socket.fixture.ts';
import {
  SocketProvider,
  useConnectionState,
  useLatestMessage,
  useMessages,
  useOnMessage,
  useOutbox,
  useReceipt,
  useSocket,
  useSocketStats,
} from './index.ts';
import { mockServer, pass, type MockServer } from './mock-server.fixture.ts';

let server: MockServer;

beforeEach(() => {
  vi.useFakeTimers();
  server = mockServer('ws://chat.test/here');
});

afterEach(() => {
  cleanup();
  server.stop();
  vi.useRealTimers();
});

function All({ receipt }: { receipt: Receipt | null }): ReactNode {
  const socket = useSocket();
  useOnMessage(socket, () => {});
  const { items } = useOutbox(socket);
  return [
    useConnectionState(socket, (state) => state.phase),
    useSocketStats(socket, (stats) => stats.queued),
    useMessages(socket).length,
    JSON.stringify(useLatestMessage(socket)),
    items.length,
    useReceipt(socket, receipt)?.status,
  ].join();
}

const page = (socket: FakeSocket, receipt: Receipt | null): ReactNode => (
  <SocketProvider socket={socket}>
    <All receipt={receipt} />
    <All receipt={receipt} />
  </SocketProvider>
);

test('1,000 mounts and unmounts of all hooks leave one listener, which collects failed messages, and no timer', () => {
  const socket = fakeSocket();
  const receipt = socket.send('pending');
  for (let round = 0; round < 1_000; round += 1) {
    const { unmount } = render(page(socket, receipt));
    socket.emit('message', round);
    if (round === 500) expect([socket.subscribers(), socket.messageListeners()]).toEqual([6, 6]);
    unmount();
  }
  expect([socket.subscribers(), socket.messageListeners(), socket.listeners()]).toEqual([0, 0, 1]);
  vi.advanceTimersByTime(1_000);
  expect(vi.getTimerCount()).toBe(0);
});

test('1,000 sockets by URL, each of a component that comes and goes, leave no connection and no timer', async () => {
  function Chat({ name }: { name: number }): ReactNode {
    const socket = useSocket('ws://chat.test/here', { key: String(name) });
    return useConnectionState(socket, (state) => state.phase) + useMessages(socket).length;
  }
  const { rerender, unmount } = render(<Chat name={0} />);
  for (let name = 1; name < 1_000; name += 1) {
    rerender(<Chat name={name} />);
    if (name % 100 === 0) await pass(50);
  }
  unmount();
  await pass(10_000);
  expect([server.alive(), vi.getTimerCount()]).toEqual([0, 0]);
});
