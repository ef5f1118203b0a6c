import { render } from '@testing-library/react';
import { startTransition, useLayoutEffect, useState, type ReactNode } from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fakeSocket, type FakeSocket } from './fake-socket.fixture.ts';
import { useConnectionState } from './use-connection-state.ts';
import { useSocketStats } from './use-socket-stats.ts';

// React gives way to the page in the middle of a transition when it has rendered for longer than 5 ms. Here each component takes 10 ms
// of a clock of our own, and what happens to the socket in between is decided by the test.

let now = 0;

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', false);
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** Renders eight readers in a transition, changes the socket when the third has rendered, and gives what each commit showed. */
async function commitsOf(useRead: (socket: FakeSocket) => unknown): Promise<string[]> {
  const socket = fakeSocket();
  const commits: string[] = [];
  let show = (): void => {};
  let isChanged = false;
  function Reader({ place }: { place: number }): ReactNode {
    const value = useRead(socket);
    now += 10;
    if (place === 3 && !isChanged) {
      isChanged = true;
      // Runs when React gives way.
      queueMicrotask(() => {
        socket.setStats({ queued: 1 });
        socket.setState({ phase: 'open' });
      });
    }
    return `${String(value)} `;
  }
  function Page(): ReactNode {
    const [isShown, setShown] = useState(false);
    show = () => startTransition(() => setShown(true));
    useLayoutEffect(() => void commits.push(document.body.textContent ?? ''));
    return isShown && Array.from({ length: 8 }, (_, place) => <Reader key={place} place={place} />);
  }
  const { unmount } = render(<Page />);
  await vi.waitFor(() => expect(commits).toHaveLength(1));
  show();
  await vi.waitFor(() => expect(commits.length).toBeGreaterThan(1));
  unmount();
  return commits.slice(1).map((text) => [...new Set(text.trim().split(' '))].join());
}

test('a component that reads the socket by itself would show two states in one commit', async () => {
  expect(await commitsOf((socket) => socket.getState().phase)).toEqual(['idle,open']);
});

test('the hooks show one', async () => {
  expect(await commitsOf((socket) => useConnectionState(socket, ({ phase }) => phase))).toEqual(['open']);
  expect(await commitsOf((socket) => useSocketStats(socket, ({ queued }) => queued))).toEqual(['1']);
});
