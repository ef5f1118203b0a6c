import { render } from '@testing-library/react';
import { Activity, type ReactNode } from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { endTest, mockServer, pass, type MockServer } from './mock-server.fixture.ts';
import { useConnectionState } from './use-connection-state.ts';
import { useSocket } from './use-socket.ts';

const HERE = 'ws://chat.test/here';
const THERE = 'ws://chat.test/there';

let server: MockServer;

beforeEach(() => {
  vi.useFakeTimers();
  server = mockServer(HERE, THERE);
});

afterEach(() => endTest(server));

function Chat({ url = HERE }: { url?: string }): ReactNode {
  return useConnectionState(useSocket(url), (state) => state.phase);
}

test('a hidden tree lets its socket go, and has a new one when it is shown again', async () => {
  const page = (mode: 'visible' | 'hidden'): ReactNode => (
    <Activity mode={mode}>
      <Chat />
    </Activity>
  );
  const { container, rerender } = render(page('visible'));
  await pass(100);
  rerender(page('hidden'));
  await pass(2_000);
  expect(server.alive()).toBe(0);
  rerender(page('visible'));
  await pass(100);
  expect(container.textContent).toBe('open');
  expect(server.opened).toHaveLength(2);
});

test('a tree that was prepared hidden connects when it is shown, however late', async () => {
  const page = (mode: 'visible' | 'hidden'): ReactNode => [
    <Activity key="a" mode={mode}>
      <Chat />
    </Activity>,
    <Activity key="b" mode={mode}>
      <Chat />
    </Activity>,
  ];
  const { container, rerender } = render(page('hidden'));
  await pass(5_000);
  expect(server.opened).toHaveLength(0);
  rerender(page('visible'));
  await pass(100);
  expect(container.textContent).toBe('openopen');
  expect(server.opened).toHaveLength(1);
});

test('a hidden tree may change its mind about the URL as often as it likes', async () => {
  const page = (mode: 'visible' | 'hidden', url: string): ReactNode => (
    <Activity mode={mode}>
      <Chat url={url} />
    </Activity>
  );
  const { container, rerender } = render(page('hidden', HERE));
  for (const url of [THERE, HERE, THERE]) {
    await pass(5_000);
    rerender(page('hidden', url));
  }
  expect(server.opened).toHaveLength(0);
  rerender(page('visible', THERE));
  await pass(100);
  expect(container.textContent).toBe('open');
  expect(server.opened.map(({ url }) => url)).toEqual([THERE]);
});
