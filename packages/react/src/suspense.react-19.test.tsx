import type { Socket } from '@holdfast/core';
import { act, render } from '@testing-library/react';
import { StrictMode, Suspense, use, type ReactNode } from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { endTest, mockServer, pass, type MockServer } from './mock-server.fixture.ts';
import { useConnectionState } from './use-connection-state.ts';
import { useSocket } from './use-socket.ts';

// `use` is React 19's.

const HERE = 'ws://chat.test/here';

let server: MockServer;

beforeEach(() => {
  vi.useFakeTimers();
  server = mockServer(HERE);
});

afterEach(() => endTest(server));

function Board({ socket }: { socket: Socket }): ReactNode {
  use(socket.whenOpen());
  return `board ${useConnectionState(socket, (state) => state.phase)}`;
}

function OneForAll(): ReactNode {
  return <Board socket={useSocket(HERE)} />;
}

function InOne(): ReactNode {
  const socket = useSocket(HERE);
  use(socket.whenOpen());
  return `board ${useConnectionState(socket, (state) => state.phase)}`;
}

function Below(): ReactNode {
  const socket = useSocket(HERE);
  return (
    <Suspense fallback="opening">
      <Board socket={socket} />
    </Suspense>
  );
}

test.each([
  ['in the component that has the socket', InOne],
  ['in one below it, and both suspend', OneForAll],
  ['in one below it', Below],
])('suspends until the connection is open: %s', async (_, Page) => {
  const page = (
    <StrictMode>
      <Suspense fallback="opening">
        <Page />
      </Suspense>
    </StrictMode>
  );
  const { container } = await act(async () => render(page));
  expect(container.textContent).toBe('opening');
  await pass(100);
  expect(container.textContent).toBe('board open');
  await pass(10_000);
  expect(container.textContent).toBe('board open');
  expect(server.opened).toHaveLength(1);
});

test('waits through an outage that is longer than the idle time, and lets go when nobody is there any more', async () => {
  server.stop();
  server = mockServer();
  const { container, unmount } = await act(async () =>
    render(
      <Suspense fallback="opening">
        <InOne />
      </Suspense>,
    ),
  );
  await pass(20_000);
  expect(container.textContent).toBe('opening');
  expect(server.opened.length).toBeGreaterThan(3);
  server.serve(HERE);
  // React renders when `act` ends.
  for (let step = 0; step < 100; step += 1) await pass(100);
  expect(container.textContent).toBe('board open');
  unmount();
  await pass(2_000);
  expect(server.alive()).toBe(0);
});
