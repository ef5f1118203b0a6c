import { StrictMode, useLayoutEffect, type ReactNode } from 'react';
import { createRoot, hydrateRoot, type Root } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { afterEach, expect, test, vi } from 'vitest';
import { fakeSocket } from './fake-socket.fixture.ts';
import { SocketProvider, useConnectionState, useMessages, useOutbox, useSocket, useSocketStats } from './index.ts';

let root: Root | undefined;

afterEach(() => {
  root?.unmount();
  document.body.replaceChildren();
  vi.restoreAllMocks();
});

function container(html = ''): HTMLElement {
  const element = document.createElement('main');
  element.innerHTML = html;
  document.body.append(element);
  return element;
}

test('a page takes over what the server rendered, without a mismatch, whatever the socket did meanwhile', async () => {
  const socket = fakeSocket();
  socket.setState({ phase: 'open', since: 7 });
  socket.setStats({ queued: 3 });
  const faults: unknown[] = [];
  vi.spyOn(console, 'error').mockImplementation((...words) => faults.push(words));
  const seen: string[] = [];
  function Page(): ReactNode {
    const given = useSocket();
    const { phase, since } = useConnectionState(given);
    const text = [phase, since, useSocketStats(given).queued, useMessages(given).length, useOutbox(given).items.length];
    seen.push(text.join(' '));
    return <p>{text.join(' ')}</p>;
  }
  const page = (
    <StrictMode>
      <SocketProvider socket={socket}>
        <Page />
      </SocketProvider>
    </StrictMode>
  );
  const element = container(renderToString(page));
  expect(element.textContent).toBe('idle 0 0 0 0');
  const paragraph = element.querySelector('p');
  seen.length = 0;
  root = hydrateRoot(element, page, { onRecoverableError: (fault) => faults.push(fault) });
  await vi.waitFor(() => expect(element.textContent).toBe('open 7 3 0 0'));
  expect(seen[0]).toBe('idle 0 0 0 0');
  expect(element.querySelector('p')).toBe(paragraph);
  expect(faults).toEqual([]);
});

test('20,000 messages in real frames: none missed, in order, one commit a frame, and nobody else renders', async () => {
  const socket = fakeSocket();
  let frame = 0;
  let isCounting = true;
  const count = (): void => {
    frame += 1;
    if (isCounting) requestAnimationFrame(count);
  };
  requestAnimationFrame(count);
  const commits: number[] = [];
  let others = 0;
  let list: readonly unknown[] = [];
  function List(): ReactNode {
    const messages = useMessages(socket, { limit: 20_000 });
    useLayoutEffect(() => {
      list = messages;
      commits.push(frame);
    });
    return messages.length;
  }
  function Other(): ReactNode {
    others += 1;
    return useConnectionState(socket, (state) => state.phase);
  }
  const element = container();
  root = createRoot(element);
  root.render([<List key="list" />, ...Array.from({ length: 49 }, (_, place) => <Other key={place} />)]);
  await vi.waitFor(() => expect(socket.messageListeners()).toBe(1));
  const [first, before] = [commits.length, others];
  const { port1, port2 } = new MessageChannel();
  let sent = 0;
  port1.onmessage = () => {
    for (let turn = 0; turn < 20; turn += 1) socket.emit('message', (sent += 1));
    if (sent < 20_000) port2.postMessage(null);
  };
  port2.postMessage(null);
  await vi.waitFor(() => expect(list).toHaveLength(20_000), { timeout: 20_000 });
  isCounting = false;
  expect(list).toEqual(Array.from({ length: 20_000 }, (_, index) => index + 1));
  const inFrames = commits.slice(first);
  expect(inFrames).toEqual([...new Set(inFrames)]);
  expect(others).toBe(before);
});
