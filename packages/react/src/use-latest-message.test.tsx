import { cleanup, render } from '@testing-library/react';
import { StrictMode, type ReactNode } from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fakeSocket, type FakeSocket } from './fake-socket.fixture.ts';
import { frame } from './frames.fixture.ts';
import { useLatestMessage } from './use-latest-message.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

interface Price {
  readonly price: number;
}

/** Shows the latest price and counts its renders. */
function probe(socket: FakeSocket, select?: (message: unknown) => unknown) {
  const seen: unknown[] = [];
  function Probe(): ReactNode {
    seen.push(useLatestMessage(socket, select));
    return null;
  }
  render(<Probe />);
  return seen;
}

test('is undefined before the first message, and then the last of each frame', async () => {
  const socket = fakeSocket();
  const seen = probe(socket);
  for (const price of [1, 2, 3]) socket.emit('message', { price });
  await frame();
  socket.emit('message', { price: 4 });
  await frame();
  expect(seen).toEqual([undefined, { price: 3 }, { price: 4 }]);
});

test('renders nothing for a value that looks the same, and keeps the object', async () => {
  const socket = fakeSocket();
  const seen = probe(socket);
  socket.emit('message', { price: 1 });
  await frame();
  for (const price of [2, 1]) socket.emit('message', { price });
  await frame();
  expect(seen).toHaveLength(2);
  socket.emit('message', { price: 2 });
  await frame();
  expect(seen).toEqual([undefined, { price: 1 }, { price: 2 }]);
});

test('what select leaves out changes nothing', async () => {
  const socket = fakeSocket();
  const seen = probe(socket, (message) => (message as Partial<Price>).price);
  socket.emit('message', { price: 1 });
  socket.emit('message', { news: 'none' });
  await frame();
  expect(seen).toEqual([undefined, 1]);
});

test('another socket begins with nothing', async () => {
  const [first, second] = [fakeSocket(), fakeSocket()];
  function Probe({ socket }: { socket: FakeSocket }): ReactNode {
    return String(useLatestMessage(socket));
  }
  const page = (socket: FakeSocket): ReactNode => (
    <StrictMode>
      <Probe socket={socket} />
    </StrictMode>
  );
  const { container, rerender } = render(page(first));
  first.emit('message', 1);
  await frame();
  rerender(page(second));
  expect(container.textContent).toBe('undefined');
  second.emit('message', 2);
  await frame();
  expect(container.textContent).toBe('2');
});
