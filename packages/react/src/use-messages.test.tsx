import { HoldfastError } from '@holdfast/core';
import { act, cleanup, render } from '@testing-library/react';
import { Profiler, StrictMode, Suspense, useLayoutEffect, type ReactNode } from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fakeSocket, type FakeSocket } from './fake-socket.fixture.ts';
import { frame, stopFrames } from './frames.fixture.ts';
import { Waiting } from './suspend.fixture.tsx';
import { useMessages, type UseMessagesOptions } from './use-messages.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  cleanup();
  // What is due may be handed over after an unmount; nothing may come after that.
  vi.advanceTimersByTime(1_000);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

interface ListProps extends UseMessagesOptions<unknown, unknown> {
  readonly socket: FakeSocket;
}

function List({ socket, ...options }: ListProps): ReactNode {
  return JSON.stringify(useMessages(socket, options));
}

function burst(socket: FakeSocket, first: number, last: number): void {
  for (let index = first; index <= last; index += 1) socket.emit('message', index);
}

/** Renders it and counts commits. */
function renderCounted(page: ReactNode) {
  let commits = 0;
  const counted = (tree: ReactNode): ReactNode => (
    <Profiler id="page" onRender={() => void (commits += 1)}>
      {tree}
    </Profiler>
  );
  const view = render(counted(page));
  const before = commits;
  return {
    shown: () => JSON.parse(view.container.textContent ?? '') as unknown,
    commits: () => commits - before,
    rerender: (tree: ReactNode) => view.rerender(counted(tree)),
    unmount: view.unmount,
  };
}

test('all messages of a frame are one commit, none missed and in order', async () => {
  const socket = fakeSocket();
  const page = renderCounted(<List socket={socket} limit={5_000} />);
  burst(socket, 1, 2_000);
  expect(page.shown()).toEqual([]);
  await frame();
  burst(socket, 2_001, 2_003);
  await frame();
  expect(page.shown()).toEqual(Array.from({ length: 2_003 }, (_, index) => index + 1));
  expect(page.commits()).toBe(2);
});

test('the newest are kept, 100 unless it is said otherwise, however many come in a frame', async () => {
  const socket = fakeSocket();
  const page = renderCounted(<List socket={socket} />);
  burst(socket, 1, 60);
  await frame();
  burst(socket, 61, 1_050);
  await frame();
  expect(page.shown()).toEqual(Array.from({ length: 100 }, (_, index) => index + 951));
  page.rerender(<List socket={socket} limit={2} />);
  expect(page.shown()).toEqual([1_049, 1_050]);
  burst(socket, 1_051, 1_051);
  await frame();
  expect(page.shown()).toEqual([1_050, 1_051]);
});

test('what select leaves out renders nothing, and of the rest it says what is kept', async () => {
  const socket = fakeSocket();
  const select = (message: unknown): unknown => (Number(message) % 2 === 0 ? { even: message } : undefined);
  const page = renderCounted(<List socket={socket} select={select} />);
  burst(socket, 1, 1);
  await frame();
  expect(page.commits()).toBe(0);
  burst(socket, 2, 5);
  await frame();
  expect(page.shown()).toEqual([{ even: 2 }, { even: 4 }]);
  page.rerender(<List socket={socket} select={(message) => message} />);
  expect(page.shown()).toEqual([{ even: 2 }, { even: 4 }]);
  burst(socket, 6, 6);
  await frame();
  expect(page.shown()).toEqual([{ even: 2 }, { even: 4 }, 6]);
});

test('null and false are messages', async () => {
  const socket = fakeSocket();
  const page = renderCounted(<List socket={socket} />);
  socket.emit('message', null);
  socket.emit('message', false);
  await frame();
  expect(page.shown()).toEqual([null, false]);
});

test('several components are one commit, and those that did not ask do not render', async () => {
  const socket = fakeSocket();
  let others = 0;
  function Other(): ReactNode {
    others += 1;
    return null;
  }
  const onRender = vi.fn<() => void>();
  const { container } = render(
    <Profiler id="page" onRender={onRender}>
      <List socket={socket} />
      <Other />
      <List socket={socket} limit={1} />
    </Profiler>,
  );
  onRender.mockClear();
  burst(socket, 1, 3);
  await frame();
  expect(container.textContent).toBe('[1,2,3][3]');
  expect([onRender.mock.calls.length, others]).toEqual([1, 1]);
});

test('a tab that has no frames, and does not know that it is covered, uses a timer', async () => {
  const socket = fakeSocket();
  const page = renderCounted(<List socket={socket} />);
  stopFrames();
  burst(socket, 1, 2);
  await act(() => vi.advanceTimersByTimeAsync(200));
  expect(page.shown()).toEqual([1, 2]);
  expect(page.commits()).toBe(1);
});

test('a tab that hides, or is seen again, before its frame shows at once what has come', async () => {
  const socket = fakeSocket();
  const page = renderCounted(<List socket={socket} />);
  stopFrames();
  burst(socket, 1, 2);
  const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
  act(() => void document.dispatchEvent(new Event('visibilitychange')));
  expect(page.shown()).toEqual([1, 2]);
  burst(socket, 3, 3);
  hidden.mockReturnValue(false);
  act(() => void document.dispatchEvent(new Event('visibilitychange')));
  expect(page.shown()).toEqual([1, 2, 3]);
  expect(vi.getTimerCount()).toBe(0);
});

test('in a hidden tab messages are handed over as they come, but for a burst, whose rest waits for a timer', async () => {
  const socket = fakeSocket();
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
  const page = renderCounted(<List socket={socket} />);
  await act(async () => burst(socket, 1, 3));
  expect(page.shown()).toEqual([1]);
  await act(() => vi.advanceTimersByTimeAsync(100));
  expect(page.shown()).toEqual([1, 2, 3]);
  // The browser is late with its timer: what comes takes along what waits.
  burst(socket, 4, 4);
  vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 2_000);
  await act(async () => burst(socket, 5, 6));
  expect(page.shown()).toEqual([1, 2, 3, 4, 5]);
  expect(page.commits()).toBe(3);
});

test('what arrives between the commit and its effects is not missed', async () => {
  const socket = fakeSocket();
  function Page(): ReactNode {
    useLayoutEffect(() => burst(socket, 1, 2), []);
    return <List socket={socket} />;
  }
  const page = renderCounted(<Page />);
  await frame();
  expect(page.shown()).toEqual([1, 2]);
});

test('Strict Mode doubles nothing and leaves one listener', async () => {
  const socket = fakeSocket();
  const page = renderCounted(
    <StrictMode>
      <List socket={socket} />
    </StrictMode>,
  );
  burst(socket, 1, 2);
  await frame();
  burst(socket, 3, 3);
  await frame();
  expect(page.shown()).toEqual([1, 2, 3]);
  expect(socket.messageListeners()).toBe(1);
  page.unmount();
  expect(socket.messageListeners()).toBe(0);
});

test('while Suspense hides the component nothing is missed', async () => {
  const socket = fakeSocket();
  const page = (isWaiting: boolean): ReactNode => (
    <Suspense fallback="loading">
      <List socket={socket} />
      <Waiting isWaiting={isWaiting} />
    </Suspense>
  );
  const { container, rerender } = render(page(false));
  await act(async () => {
    rerender(page(true));
  });
  burst(socket, 1, 3);
  await frame();
  expect(container.textContent).toContain('loading');
  await act(async () => {
    rerender(page(false));
  });
  await frame();
  expect(container.textContent).toBe('[1,2,3]');
});

test('another socket begins with an empty list, and so does the first one again', async () => {
  const [first, second] = [fakeSocket(), fakeSocket()];
  const page = renderCounted(<List socket={first} />);
  burst(first, 1, 2);
  await frame();
  burst(first, 3, 3);
  page.rerender(<List socket={second} />);
  burst(first, 4, 4);
  expect(page.shown()).toEqual([]);
  await frame();
  expect(page.shown()).toEqual([]);
  page.rerender(<List socket={first} />);
  expect(page.shown()).toEqual([]);
  burst(first, 5, 5);
  await frame();
  expect(page.shown()).toEqual([5]);
});

test('the list stays the same one while nothing is added', async () => {
  const socket = fakeSocket();
  const lists = new Set<unknown>();
  function Page(): ReactNode {
    lists.add(useMessages(socket, { limit: 2 }));
    return null;
  }
  const { rerender } = render(<Page />);
  rerender(<Page />);
  expect(lists.size).toBe(1);
  burst(socket, 1, 3);
  await frame();
  rerender(<Page />);
  expect(lists.size).toBe(2);
});

test('unmounted with messages on the way, it ends quietly', async () => {
  const faults = vi.spyOn(console, 'error');
  const socket = fakeSocket();
  const page = renderCounted(<List socket={socket} />);
  burst(socket, 1, 3);
  page.unmount();
  await frame();
  expect(faults).not.toHaveBeenCalled();
});

test.each([0, -1, 1.5, Number.NaN, '5' as unknown as number])('limit %s is refused', (limit) => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  expect(() => render(<List socket={fakeSocket()} limit={limit} />)).toThrow(HoldfastError);
});
