import { createRequire } from 'node:module';
import { HoldfastError } from '@holdfast/core';
import { cleanup, render } from '@testing-library/react';
import { useState, type ReactNode } from 'react';
import { afterEach, expect, test, vi } from 'vitest';
import { fakeSocket } from './fake-socket.fixture.ts';
import {
  useConnectionState,
  useLatestMessage,
  useMessages,
  useOnMessage,
  useOutbox,
  useReceipt,
  useSocket,
  useSocketStats,
} from './index.ts';

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
  vi.doUnmock('react');
  vi.resetModules();
});

const socket = fakeSocket();

test.each<[string, () => unknown]>([
  ['useSocket', () => useSocket('ws://chat.test/here')],
  ['useConnectionState', () => useConnectionState(socket)],
  ['useSocketStats', () => useSocketStats(socket)],
  ['useOnMessage', () => useOnMessage(socket, () => {})],
  ['useMessages', () => useMessages(socket)],
  ['useLatestMessage', () => useLatestMessage(socket)],
  ['useOutbox', () => useOutbox(socket)],
  ['useReceipt', () => useReceipt(socket, null)],
])('%s outside of a component says so', (_, useIt) => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  expect(useIt).toThrow(HoldfastError);
  expect(useIt).toThrow(/second copy of React.*npm ls react/);
});

test('a hook that has another copy of React than the one that renders says so', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const require = createRequire(import.meta.url);
  for (const file of Object.keys(require.cache)) if (/node_modules\/react\//.test(file)) delete require.cache[file];
  const other = require('react') as { useState: unknown };
  expect(other.useState).not.toBe(useState);
  vi.doMock('react', () => ({ ...other, default: other }));
  vi.resetModules();
  const copy = await import('./index.ts');
  function Page(): ReactNode {
    return copy.useConnectionState(socket).phase;
  }
  expect(() => render(<Page />)).toThrow(/second copy of React.*npm ls react/);
});

test('what React itself has to say about hooks is left as it is', () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  let again: (value: boolean) => void = () => {};
  function Page(): ReactNode {
    const [isMore, setMore] = useState(false);
    again = setMore;
    // oxlint-disable-next-line react-hooks/rules-of-hooks -- the fault under test
    if (isMore) useSocketStats(socket);
    return null;
  }
  const { rerender } = render(<Page />);
  expect(() => {
    again(true);
    rerender(<Page />);
  }).toThrow(/Rendered more hooks/);
});
