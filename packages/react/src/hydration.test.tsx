import { createSocket } from '@holdfast/core';
import { act } from '@testing-library/react';
import { StrictMode, type ReactNode } from 'react';
import { hydrateRoot, type Root } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { mockServer, pass, type MockServer } from './mock-server.fixture.ts';
import { useConnectionState } from './use-connection-state.ts';
import { useSocket } from './use-socket.ts';
import { useSocketStats } from './use-socket-stats.ts';

const URL_TEXT = 'ws://chat.test/here';

let server: MockServer;
let root: Root | undefined;

beforeEach(() => {
  vi.useFakeTimers();
  server = mockServer(URL_TEXT);
});

afterEach(async () => {
  act(() => root?.unmount());
  await pass(60_000);
  expect(vi.getTimerCount()).toBe(0);
  server.stop();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function hydrate(page: ReactNode): { readonly container: HTMLElement; readonly faults: unknown[] } {
  const faults: unknown[] = [];
  vi.spyOn(console, 'error').mockImplementation((...words) => faults.push(words));
  const container = document.createElement('div');
  container.innerHTML = renderToString(page);
  act(() => {
    root = hydrateRoot(container, page, { onRecoverableError: (error) => faults.push(error) });
  });
  return { container, faults };
}

test('a page takes over what the server rendered, and then connects', async () => {
  const rendered: string[] = [];
  function Page(): ReactNode {
    const socket = useSocket(URL_TEXT);
    const { phase, since } = useConnectionState(socket);
    const text = `${phase} ${since} ${useSocketStats(socket, (stats) => stats.queued)}`;
    rendered.push(text);
    return <p>{text}</p>;
  }
  const { container, faults } = hydrate(
    <StrictMode>
      <Page />
    </StrictMode>,
  );
  expect(new Set(rendered.slice(0, 2))).toEqual(new Set(['idle 0 0']));
  await pass(100);
  expect(container.textContent).toMatch(/^open /);
  expect(faults).toEqual([]);
  expect(server.opened).toHaveLength(1);
});

test('a socket that is already open when the page hydrates causes no mismatch and is shown open', async () => {
  const socket = createSocket({ url: URL_TEXT });
  await pass(100);
  expect(socket.getState().phase).toBe('open');
  function Page(): ReactNode {
    return <p>{useConnectionState(useSocket(socket), (state) => state.phase)}</p>;
  }
  const { container, faults } = hydrate(<Page />);
  expect(container.textContent).toBe('open');
  expect(faults).toEqual([]);
  await act(() => socket.close());
});
