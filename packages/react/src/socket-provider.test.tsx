import { HoldfastError } from '@holdfast/core';
import { cleanup, render } from '@testing-library/react';
import type { ReactNode } from 'react';
import { renderToString } from 'react-dom/server';
import { afterEach, expect, test, vi } from 'vitest';
import { fakeSocket } from './fake-socket.fixture.ts';
import { SocketProvider } from './socket-provider.ts';
import { useConnectionState } from './use-connection-state.ts';
import { useSocket } from './use-socket.ts';

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

function Phase(): ReactNode {
  return useConnectionState(useSocket(), (state) => state.phase);
}

test('components below get the socket of the nearest provider, and it is neither connected nor closed', () => {
  const [outer, inner] = [fakeSocket(), fakeSocket()];
  inner.setState({ phase: 'open' });
  const page = (): ReactNode => (
    <SocketProvider socket={outer}>
      <Phase /> <SocketProvider socket={inner}>{<Phase />}</SocketProvider>
    </SocketProvider>
  );
  const { container, unmount } = render(page());
  expect(container.textContent).toBe('idle open');
  unmount();
  expect([...outer.commands, ...inner.commands]).toEqual([]);
});

test('renders on a server', () => {
  expect(
    renderToString(
      <SocketProvider socket={fakeSocket()}>
        <Phase />
      </SocketProvider>,
    ),
  ).toBe('idle');
});

test('without a provider the error says what to do', () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  expect(() => render(<Phase />)).toThrow(HoldfastError);
  expect(() => render(<Phase />)).toThrow(/useSocket needs a URL, a socket or a SocketProvider above/);
});

test('a URL that is missing by mistake is not the provided socket', () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  function Page(): ReactNode {
    return useConnectionState(useSocket(undefined as unknown as string)).phase;
  }
  const page = (
    <SocketProvider socket={fakeSocket()}>
      <Page />
    </SocketProvider>
  );
  expect(() => render(page)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
});
