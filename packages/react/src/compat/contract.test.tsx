import { act, render } from '@testing-library/react';
import { StrictMode } from 'react';
import { renderToString } from 'react-dom/server';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { cleanUp, libraries, mount, pass, probe, startServer, URL_TEXT, type Peer } from './contract.fixture.tsx';
import { ReadyState } from './ready-state.ts';

// What an app may rely on, on both libraries. What differs on purpose is in differences.test.tsx.

const { UNINSTANTIATED, CONNECTING, OPEN, CLOSED } = ReadyState;
const always = (): boolean => true;

let server: Peer;
beforeEach(() => {
  server = startServer();
});
afterEach(cleanUp);

describe.each(libraries)('$name', (library) => {
  describe('connecting', () => {
    test('goes from CONNECTING to OPEN, and calls onOpen with the event', async () => {
      const onOpen = vi.fn();
      const page = mount(library, { options: { onOpen } });
      expect(page.current.readyState).toBe(CONNECTING);
      await pass();
      expect(page.states).toEqual([CONNECTING, OPEN]);
      expect(onOpen).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ type: 'open' }));
    });

    test.each([
      ['url null', { url: null }],
      ['connect false', { connect: false }],
    ])('does not, with %s', async (_, use) => {
      const page = mount(library, use);
      await pass();
      expect(page.states).toEqual([UNINSTANTIATED]);
      expect([server.opened.length, page.current.getWebSocket()]).toEqual([0, null]);
    });

    test('follows connect: false closes, true opens again', async () => {
      const onClose = vi.fn();
      const page = mount(library, { options: { onClose } });
      await pass();
      page.update({ connect: false, options: { onClose } });
      await pass();
      expect([page.current.readyState, server.alive, onClose.mock.calls.length]).toEqual([CLOSED, 0, 1]);
      page.update({ connect: true, options: { onClose } });
      await pass();
      expect([page.current.readyState, server.alive]).toEqual([OPEN, 1]);
    });

    test('opens one connection in Strict Mode', async () => {
      mount(library, {}, (page) => <StrictMode>{page}</StrictMode>);
      await pass();
      expect([server.opened.length, server.alive]).toEqual([1, 1]);
    });

    test.each([['chat'], [['a', 'b']]])('offers the subprotocols %j', async (protocols) => {
      mount(library, { options: { protocols } });
      await pass();
      expect(server.offers).toEqual([[protocols].flat()]);
    });

    test('renders on a server, where nothing is opened', async () => {
      const page = probe(library);
      expect(renderToString(<page.Component>hello</page.Component>)).toBe('hello');
      expect([page.current.readyState, page.current.lastMessage, page.current.lastJsonMessage]).toEqual([
        CONNECTING,
        null,
        null,
      ]);
      expect(renderToString(<page.Component url={null} />)).toBe('');
      expect(page.current.readyState).toBe(UNINSTANTIATED);
      await pass();
      expect(server.opened).toHaveLength(0);
    });
  });

  describe('a url', () => {
    test('that changes closes one connection and opens another; its last message is forgotten', async () => {
      server.down();
      server = startServer('ws://chat.test/there');
      const onClose = vi.fn();
      const page = mount(library, { options: { onClose } });
      await pass();
      act(() => server.send('hello'));
      await pass();
      expect(page.current.lastMessage?.data).toBe('hello');
      page.update({ url: 'ws://chat.test/there', options: { onClose } });
      await pass();
      expect([page.current.readyState, page.current.lastMessage]).toEqual([OPEN, null]);
      expect([server.alive, server.opened.map(({ url }) => url), onClose.mock.calls.length]).toEqual([
        1,
        [URL_TEXT, 'ws://chat.test/there'],
        1,
      ]);
    });

    test.each([
      ['sync', () => URL_TEXT],
      ['async', async () => URL_TEXT],
    ])('may be a function, %s, which is asked at every attempt', async (_, url) => {
      const asked = vi.fn(url);
      const page = mount(library, { url: asked, options: { shouldReconnect: always, reconnectInterval: 1_000 } });
      expect(page.current.readyState).toBe(CONNECTING);
      await pass();
      expect(page.current.readyState).toBe(OPEN);
      server.close();
      await pass(1_500);
      expect([page.current.readyState, asked.mock.calls.length]).toEqual([OPEN, 2]);
    });

    test('function that fails ends in CLOSED', async () => {
      const page = mount(library, { url: () => Promise.reject(new Error('no url')) });
      await pass();
      expect([page.current.readyState, server.opened.length]).toEqual([CLOSED, 0]);
      expect(console.error).toHaveBeenCalled();
    });

    test('function that fails is asked again with retryOnError, reconnectAttempts times', async () => {
      const url = vi.fn(() => Promise.reject(new Error('no url')));
      const onReconnectStop = vi.fn();
      const page = mount(library, {
        url,
        options: { retryOnError: true, reconnectAttempts: 3, reconnectInterval: (n) => 100 * (n + 1), onReconnectStop },
      });
      await pass(2_000);
      expect(url).toHaveBeenCalledTimes(4);
      expect(onReconnectStop).toHaveBeenCalledExactlyOnceWith(3);
      expect(page.current.readyState).toBe(CLOSED);
    });

    test('function that answers after unmounting opens nothing', async () => {
      let answer: (url: string) => void = () => {};
      const page = mount(library, { url: () => new Promise<string>((resolve) => (answer = resolve)) });
      await pass();
      page.unmount();
      answer(URL_TEXT);
      await pass();
      expect(server.opened).toHaveLength(0);
    });

    test('gets the query parameters, and another connection when they change', async () => {
      const page = mount(library, { options: { queryParams: { user: 1, room: 'blue' } } });
      await pass();
      page.update({ options: { queryParams: { user: 1, room: 'blue' } } });
      await pass();
      page.update({ options: { queryParams: { user: 2, room: 'blue' } } });
      await pass();
      expect(server.opened.map(({ url }) => url)).toEqual([
        `${URL_TEXT}?user=1&room=blue`,
        `${URL_TEXT}?user=2&room=blue`,
      ]);
      expect(server.alive).toBe(1);
    });

    test('with a query of its own is extended', async () => {
      mount(library, { url: `${URL_TEXT}?a=1`, options: { queryParams: { b: 2 } } });
      await pass();
      expect(server.opened[0]?.url).toBe(`${URL_TEXT}?a=1&b=2`);
    });
  });

  describe('sending', () => {
    test('waits for the connection, in order, and after what onOpen sends', async () => {
      const page = mount(library, { options: { onOpen: () => page.current.sendMessage('from onOpen') } });
      page.current.sendMessage('one');
      page.current.sendJsonMessage({ two: 2 });
      await pass();
      page.current.sendMessage('three');
      await pass();
      expect(server.received).toEqual(['from onOpen', 'one', '{"two":2}', 'three']);
    });

    test('with keep false does not wait', async () => {
      const page = mount(library);
      page.current.sendMessage('dropped', false);
      page.current.sendJsonMessage('dropped', false);
      await pass();
      page.current.sendMessage('sent', false);
      await pass();
      expect(server.received).toEqual(['sent']);
    });

    test('between two connections waits for the next', async () => {
      const page = mount(library, { options: { shouldReconnect: always, reconnectInterval: 1_000 } });
      await pass();
      server.close();
      await pass();
      page.current.sendMessage('meanwhile');
      await pass(2_000);
      expect(server.received).toEqual(['meanwhile']);
    });

    test('has functions that never change', async () => {
      const page = mount(library);
      const { sendMessage, sendJsonMessage, getWebSocket } = page.current;
      await pass();
      page.update({ connect: false });
      page.update({ options: { share: true } });
      await pass();
      expect(page.current).toMatchObject({ sendMessage, sendJsonMessage, getWebSocket });
    });
  });

  describe('messages', () => {
    test('reach onMessage, lastMessage and lastJsonMessage', async () => {
      const onMessage = vi.fn();
      const page = mount(library, { options: { onMessage } });
      expect([page.current.lastMessage, page.current.lastJsonMessage]).toEqual([null, null]);
      await pass();
      server.send('{"a":1}');
      await pass();
      expect(page.current.lastMessage).toMatchObject({ type: 'message', data: '{"a":1}' });
      expect(onMessage.mock.calls[0]?.[0]).toBe(page.current.lastMessage);
      const { lastJsonMessage } = page.current;
      expect(lastJsonMessage).toEqual({ a: 1 });
      page.update({ options: { onMessage } });
      expect(page.current.lastJsonMessage).toBe(lastJsonMessage);
    });

    test('that are no JSON are {} as lastJsonMessage, always the same', async () => {
      const page = mount(library);
      await pass();
      server.send('no json');
      await pass();
      const first = page.current.lastJsonMessage;
      server.send('none again');
      await pass();
      expect(first).toEqual({});
      expect(page.current.lastJsonMessage).toBe(first);
    });

    test('are not parsed with disableJson', async () => {
      const page = mount(library, { options: { disableJson: true } });
      await pass();
      server.send('{"a":1}');
      await pass();
      expect([page.current.lastMessage?.data, page.current.lastJsonMessage]).toEqual(['{"a":1}', null]);
    });

    test('pass filter on their way to lastMessage, not to onMessage; only true passes', async () => {
      const onMessage = vi.fn();
      const filter = (message: MessageEvent): boolean =>
        message.data === 'yes' || ((message.data === 'truthy' ? 'true' : false) as boolean);
      const page = mount(library, { options: { onMessage, filter } });
      await pass();
      for (const data of ['yes', 'no', 'truthy']) {
        server.send(data);
        await pass();
      }
      expect(page.seen).toEqual(['yes']);
      expect(onMessage).toHaveBeenCalledTimes(3);
    });

    test('that answer a heartbeat reach onMessage alone', async () => {
      const onMessage = vi.fn();
      const page = mount(library, { options: { onMessage, heartbeat: { returnMessage: 'pong' } } });
      await pass();
      server.send('pong');
      server.send('data');
      await pass();
      expect(page.seen).toEqual(['data']);
      expect(onMessage).toHaveBeenCalledTimes(2);
    });

    test('each become lastMessage once, in order, however many come at once', async () => {
      const page = mount(library);
      await pass();
      const numbers = Array.from({ length: 500 }, (_, index) => String(index));
      act(() => {
        for (const number of numbers) server.send(number);
      });
      await pass();
      expect(page.seen).toEqual(numbers);
    });

    test('meet the handlers of the latest render', async () => {
      const heard: string[] = [];
      const handler = (name: string) => (): void => void heard.push(name);
      const page = mount(library, { options: { onMessage: handler('first') } });
      await pass();
      page.update({ options: { onMessage: handler('second') } });
      server.send('x');
      await pass();
      expect([heard, server.opened.length]).toEqual([['second'], 1]);
    });
  });

  describe('the end of a connection', () => {
    test('is told to onClose, and is the end where shouldReconnect is not given', async () => {
      const onClose = vi.fn();
      const page = mount(library, { options: { onClose } });
      await pass();
      server.close(4_000, 'enough');
      await pass(60_000);
      expect(page.states).toEqual([CONNECTING, OPEN, CLOSED]);
      expect(onClose).toHaveBeenCalledExactlyOnceWith(
        expect.objectContaining({ type: 'close', code: 4_000, reason: 'enough' }),
      );
      expect(server.opened).toHaveLength(1);
    });

    test.each([true, false])('asks shouldReconnect, which says %s', async (answer) => {
      const shouldReconnect = vi.fn(() => answer);
      const page = mount(library, { options: { shouldReconnect } });
      await pass();
      server.close(4_001);
      await pass(4_800);
      expect(shouldReconnect).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 4_001 }));
      expect([page.current.readyState, server.opened.length]).toEqual([CLOSED, 1]);
      await pass(1_000);
      expect([page.current.readyState, server.opened.length]).toEqual(answer ? [OPEN, 2] : [CLOSED, 1]);
    });

    test('is followed by attempts at the times that reconnectInterval gives, and by their end', async () => {
      server.down();
      const reconnectInterval = vi.fn((attempt: number) => 1_000 * (attempt + 1));
      const onReconnectStop = vi.fn();
      const onError = vi.fn();
      const page = mount(library, {
        options: { shouldReconnect: always, reconnectInterval, reconnectAttempts: 3, onReconnectStop, onError },
      });
      await pass(60_000);
      expect(reconnectInterval.mock.calls).toEqual([[0], [1], [2]]);
      expect(onReconnectStop).toHaveBeenCalledExactlyOnceWith(3);
      expect(onError).toHaveBeenCalledTimes(4);
      expect([page.current.readyState, server.opened.length]).toEqual([CLOSED, 4]);
    });

    test('is counted from 0 again after a connection that opened', async () => {
      const reconnectInterval = vi.fn(() => 100);
      mount(library, { options: { shouldReconnect: always, reconnectInterval } });
      await pass();
      server.close();
      await pass(500);
      server.close();
      await pass(500);
      expect(reconnectInterval.mock.calls).toEqual([[0], [0]]);
    });

    test('by an error is followed by attempts with retryOnError', async () => {
      server.down();
      const page = mount(library, { options: { retryOnError: true, reconnectInterval: 1_000, reconnectAttempts: 5 } });
      await pass(1_500);
      expect(server.opened).toHaveLength(2);
      server.up();
      await pass(1_000);
      expect(page.current.readyState).toBe(OPEN);
      server.close();
      await pass(10_000);
      // That was no error.
      expect(page.current.readyState).toBe(CLOSED);
    });

    test('is brought about by unmounting, told to onClose, and followed by nothing', async () => {
      const onClose = vi.fn();
      const page = mount(library, { options: { onClose, shouldReconnect: always, reconnectInterval: 10 } });
      await pass();
      page.unmount();
      await pass(10_000);
      expect([server.alive, server.opened.length, onClose.mock.calls.length]).toEqual([0, 1, 1]);
    });

    test('while it waits for an attempt, unmounting ends all', async () => {
      server.down();
      const page = mount(library, { options: { shouldReconnect: always, reconnectInterval: 1_000 } });
      await pass(500);
      page.unmount();
      await pass(10_000);
      expect(server.opened).toHaveLength(1);
    });
  });

  describe('getWebSocket', () => {
    test('gives the connection, which can be used', async () => {
      const page = mount(library);
      await pass();
      const socket = page.current.getWebSocket();
      expect(socket).toMatchObject({ readyState: 1, url: URL_TEXT, binaryType: 'blob' });
      socket?.send('directly');
      await pass();
      expect(server.received).toEqual(['directly']);
      socket?.close();
      await pass();
      expect(page.current.readyState).toBe(CLOSED);
    });

    test('gives a guarded one where it is shared', async () => {
      const page = mount(library, { options: { share: true } });
      await pass();
      const socket = page.current.getWebSocket();
      expect(socket).toMatchObject({ readyState: 1, url: URL_TEXT });
      expect(page.current.getWebSocket()).toBe(socket);
      if (socket !== null) socket.binaryType = 'arraybuffer';
      expect(socket?.binaryType).toBe('arraybuffer');
      expect(console.error).not.toHaveBeenCalled();
      socket?.close();
      socket?.send('dropped');
      await pass();
      expect([page.current.readyState, server.received]).toEqual([OPEN, []]);
      expect(console.error).toHaveBeenCalledTimes(2);
    });
  });

  describe('share', () => {
    const options = { share: true };

    function pair(first: object = {}, second: object = {}) {
      const [a, b] = [probe(library), probe(library)];
      const page = (hasA: boolean, hasB: boolean) => (
        <>
          {hasA && <a.Component key="a" options={{ ...options, ...first }} />}
          {hasB && <b.Component key="b" options={{ ...options, ...second }} />}
        </>
      );
      const view = render(page(true, true));
      return { a, b, show: (hasA: boolean, hasB: boolean) => view.rerender(page(hasA, hasB)) };
    }

    test('is one connection for all; each has its own filter and handlers', async () => {
      const [onA, onB] = [vi.fn(), vi.fn()];
      const { a, b } = pair({ onMessage: onA, filter: () => false }, { onMessage: onB });
      await pass();
      server.send('x');
      await pass();
      a.current.sendMessage('from a');
      b.current.sendMessage('from b');
      await pass();
      expect(server.opened).toHaveLength(1);
      expect([a.seen, b.seen, onA.mock.calls.length, onB.mock.calls.length]).toEqual([[], ['x'], 1, 1]);
      expect(server.received).toEqual(['from a', 'from b']);
    });

    test('stays open while somebody uses it, and is closed by the last to leave', async () => {
      const [onA, onB] = [vi.fn(), vi.fn()];
      const { b, show } = pair({ onClose: onA }, { onClose: onB });
      await pass();
      show(false, true);
      await pass();
      expect([server.alive, b.current.readyState, onA.mock.calls.length]).toEqual([1, OPEN, 0]);
      show(false, false);
      await pass();
      expect([server.alive, onA.mock.calls.length, onB.mock.calls.length]).toEqual([0, 0, 1]);
      show(true, false);
      await pass();
      expect([server.alive, server.opened.length]).toEqual([1, 2]);
    });

    test('finds it open for who comes later, and sends what that one has kept', async () => {
      const { b, show } = pair();
      show(true, false);
      await pass();
      show(true, true);
      b.current.sendMessage('kept');
      await pass();
      expect([b.current.readyState, server.opened.length, server.received]).toEqual([OPEN, 1, ['kept']]);
    });

    test('is left out where it is not asked for', async () => {
      const { a, b } = pair({}, { share: false });
      await pass();
      expect([a.current.readyState, b.current.readyState, server.alive]).toEqual([OPEN, OPEN, 2]);
    });

    test('reconnects to one connection again, after the shortest interval of those who want it', async () => {
      const { a, b } = pair(
        { shouldReconnect: always, reconnectInterval: 3_000 },
        { shouldReconnect: always, reconnectInterval: 1_000 },
      );
      await pass();
      server.close();
      await pass(1_500);
      expect([a.current.readyState, b.current.readyState, server.opened.length]).toEqual([OPEN, OPEN, 2]);
      await pass(10_000);
      expect([server.opened.length, server.alive]).toEqual([2, 1]);
    });

    test('resetGlobalState: those who used it hear nothing more, the next one opens another', async () => {
      const { a, show } = pair();
      show(true, false);
      await pass();
      library.resetGlobalState(URL_TEXT);
      await pass();
      server.send('x');
      await pass();
      expect(a.seen).toEqual([]);
      const later = mount(library, { options });
      await pass();
      expect([later.current.readyState, server.opened.length]).toEqual([OPEN, 2]);
    });
  });

  describe('heartbeat', () => {
    const heartbeat = { message: () => 'still there?', returnMessage: 'yes', interval: 1_000, timeout: 5_000 };

    test('pings in silence, and keeps a connection whose server answers', async () => {
      const page = mount(library, { options: { heartbeat } });
      await pass();
      server.clients[0]?.on('message', () => server.send('yes'));
      await pass(60_000);
      expect(server.received.length).toBeGreaterThan(20);
      expect(new Set(server.received)).toEqual(new Set(['still there?']));
      expect([page.current.readyState, page.seen]).toEqual([OPEN, []]);
    });

    test('closes a connection on which nothing comes', async () => {
      const onClose = vi.fn();
      const page = mount(library, { options: { heartbeat, onClose } });
      await pass(4_000);
      expect(page.current.readyState).toBe(OPEN);
      await pass(6_000);
      expect(page.current.readyState).toBe(CLOSED);
      expect(onClose).toHaveBeenCalledTimes(1);
    });

    test('takes any message for a sign of life', async () => {
      const page = mount(library, { options: { heartbeat } });
      await pass();
      for (let seconds = 0; seconds < 60; seconds += 4) {
        server.send('data');
        await pass(4_000);
      }
      expect(page.current.readyState).toBe(OPEN);
    });

    test('true has defaults', async () => {
      mount(library, { options: { heartbeat: true } });
      await pass(30_000);
      expect(new Set(server.received)).toEqual(new Set(['ping']));
    });
  });
});
