import { act, cleanup, render } from '@testing-library/react';
import { StrictMode, Suspense, useLayoutEffect, useState, type ReactNode } from 'react';
import { afterEach, expect, test } from 'vitest';
import { fakeSocket, type FakeSocket } from './fake-socket.fixture.ts';
import { Waiting } from './suspend.fixture.tsx';
import { useOnMessage } from './use-on-message.ts';

afterEach(cleanup);

function Listener({ socket, onMessage }: { socket: FakeSocket; onMessage: (message: unknown) => void }): ReactNode {
  useOnMessage(socket, onMessage);
  return null;
}

test('hears each message once in Strict Mode, and nothing after unmounting', () => {
  const socket = fakeSocket();
  const heard: unknown[] = [];
  const { unmount } = render(
    <StrictMode>
      <Listener socket={socket} onMessage={(message) => heard.push(message)} />
    </StrictMode>,
  );
  socket.emit('message', 1);
  socket.emit('message', 2);
  expect(heard).toEqual([1, 2]);
  unmount();
  socket.emit('message', 3);
  expect(heard).toEqual([1, 2]);
  expect(socket.messageListeners()).toBe(0);
});

test('calls the handler of the last render without a new subscription', () => {
  const socket = fakeSocket();
  let subscriptions = 0;
  const counted: FakeSocket = {
    ...socket,
    on: (type, listener) => {
      subscriptions += 1;
      return socket.on(type, listener);
    },
  };
  const heard: string[] = [];
  const { rerender } = render(
    <Listener socket={counted} onMessage={(message) => heard.push(`first ${String(message)}`)} />,
  );
  rerender(<Listener socket={counted} onMessage={(message) => heard.push(`second ${String(message)}`)} />);
  socket.emit('message', 1);
  expect(heard).toEqual(['second 1']);
  expect(subscriptions).toBe(1);
});

test('a message that arrives between a commit and its effects meets the handler of that commit', () => {
  const socket = fakeSocket();
  const heard: string[] = [];
  function Page({ name }: { name: string }): ReactNode {
    useLayoutEffect(() => {
      socket.emit('message', 1);
    }, [name]);
    return <Listener socket={socket} onMessage={() => heard.push(name)} />;
  }
  const { rerender } = render(<Page name="first" />);
  rerender(<Page name="second" />);
  expect(heard).toEqual(['first', 'second']);
});

test('follows the socket', () => {
  const first = fakeSocket();
  const second = fakeSocket();
  const heard: unknown[] = [];
  const onMessage = (message: unknown): void => void heard.push(message);
  const { rerender } = render(<Listener socket={first} onMessage={onMessage} />);
  rerender(<Listener socket={second} onMessage={onMessage} />);
  first.emit('message', 'first');
  second.emit('message', 'second');
  expect(heard).toEqual(['second']);
});

test('hears on while the tree is hidden because something in it waits', async () => {
  const socket = fakeSocket();
  const heard: unknown[] = [];
  const page = (isWaiting: boolean): ReactNode => (
    <Suspense fallback="loading">
      <Listener socket={socket} onMessage={(message) => heard.push(message)} />
      <Waiting isWaiting={isWaiting} />
    </Suspense>
  );
  const { container, rerender } = render(page(false));
  await act(async () => {
    rerender(page(true));
  });
  expect(container.textContent).toContain('loading');
  socket.emit('message', 1);
  expect(heard).toEqual([1]);
});

test('a burst in one turn loses nothing, though React renders once', () => {
  const socket = fakeSocket();
  let renders = 0;
  function List(): ReactNode {
    const [list, setList] = useState<readonly unknown[]>([]);
    useOnMessage(socket, (message) => {
      setList((before) => [...before, message]);
    });
    renders += 1;
    return list.join();
  }
  const { container } = render(<List />);
  const before = renders;
  act(() => {
    for (let index = 0; index < 1_000; index += 1) socket.emit('message', index);
  });
  expect(container.textContent).toBe(Array.from({ length: 1_000 }, (_, index) => index).join());
  expect(renders - before).toBe(1);
});
