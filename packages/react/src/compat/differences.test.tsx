import { act, render } from '@testing-library/react';
import { createTestWorld, type TestWorld } from '@holdfast/core/testing';
import { Profiler, StrictMode, useEffect, useState, type ReactNode } from 'react';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { cleanUp, libraries, mount, ours, pass, probe, startServer, URL_TEXT, type Peer } from './contract.fixture.tsx';
import { ReadyState } from './ready-state.ts';

// What differs from react-use-websocket 4.13, on purpose: each is a row of docs/moving-from-react-use-websocket.md, and each
// test shows what the other does.

const { OPEN, CLOSED, CONNECTING } = ReadyState;
const always = (): boolean => true;
const share = { share: true };

afterEach(cleanUp);

describe.each(libraries)('$name', (library) => {
  /** What is expected of ours, and of theirs. */
  const either = <T,>(here: T, there: T): T => (library === ours ? here : there);

  describe('rendering', () => {
    let server: Peer;
    beforeEach(() => {
      server = startServer();
    });

    test('a component that does not read messages does not render for them', async () => {
      const page = probe(library, false);
      const onMessage = vi.fn();
      render(<page.Component options={{ onMessage }} />);
      await pass();
      const before = page.renders;
      for (let index = 0; index < 10; index += 1) {
        server.send('x');
        await pass(1);
      }
      expect([onMessage.mock.calls.length, page.renders - before]).toEqual([10, either(0, 10)]);
      // Whoever looks later finds the newest.
      expect(page.current.lastMessage?.data).toBe('x');
    });

    test('a burst that effects put into a list is all there: React takes no loop for it', async () => {
      let seen: readonly unknown[] = [];
      function List(): ReactNode {
        const { lastMessage } = library.useWebSocket(URL_TEXT);
        const [list, setList] = useState<readonly unknown[]>([]);
        useEffect(() => {
          if (lastMessage !== null) setList((before) => [...before, lastMessage.data]);
        }, [lastMessage]);
        seen = list;
        return null;
      }
      render(<List />);
      await pass();
      const numbers = Array.from({ length: 500 }, (_, index) => String(index));
      // As in a page: React is not told to wait until the end.
      vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', false);
      for (const number of numbers) {
        try {
          server.send(number);
        } catch (error) {
          // mock-socket lets through what React throws at what it takes for a loop.
          expect(library.name).toBe('react-use-websocket');
          expect(String(error)).toContain('Maximum update depth');
        }
      }
      await vi.waitFor(() => expect(seen.at(-1)).toBe('499'));
      vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
      expect(seen.length === 500).toBe(either(true, false));
      if (library === ours) expect(seen).toEqual(numbers);
    });

    test('what an effect sends at OPEN comes after what was kept before', async () => {
      const page = probe(library);
      function Child(): ReactNode {
        const { readyState } = page.current;
        useEffect(() => {
          if (readyState === OPEN) page.current.sendMessage('later');
        }, [readyState]);
        return null;
      }
      const tree = (
        <page.Component>
          <Child />
        </page.Component>
      );
      const view = render(tree);
      page.current.sendMessage('sooner');
      await pass();
      view.rerender(
        <page.Component>
          <Child />
        </page.Component>,
      );
      await pass();
      expect(server.received).toHaveLength(2);
      expect(server.received[0]).toBe('sooner');
    });

    test('Strict Mode asks a url function once', async () => {
      const url = vi.fn(() => URL_TEXT);
      mount(library, { url }, (page) => <StrictMode>{page}</StrictMode>);
      await pass();
      expect([url.mock.calls.length, server.opened.length]).toEqual([either(1, 2), 1]);
    });

    test('what is kept has a bound', async () => {
      const page = mount(library, { connect: false });
      const sendAll = (): void => {
        for (let index = 0; index <= 10_000; index += 1) page.current.sendMessage('x');
      };
      if (library === ours) expect(sendAll).toThrow(expect.objectContaining({ name: 'QuotaExceededError' }));
      else expect(sendAll).not.toThrow();
    });
  });

  describe('the url', () => {
    let server: Peer;
    beforeEach(() => {
      server = startServer();
    });

    test('keeps query values apart', async () => {
      mount(library, { options: { queryParams: { name: 'a&b=c', sum: '1+1', done: '%20' } } });
      await pass();
      const { searchParams } = new URL(server.opened[0]?.url ?? '');
      expect(Object.fromEntries(searchParams)).toEqual(
        either({ name: 'a&b=c', sum: '1+1', done: ' ' }, { name: 'a', b: 'c', sum: '1 1', done: ' ' }),
      );
    });

    test('with a query that is no plain word is extended, too', async () => {
      mount(library, { url: `${URL_TEXT}?token=`, options: { queryParams: { room: 1 } } });
      await pass();
      expect(server.opened[0]?.url).toBe(`${URL_TEXT}${either('?token=&room=1', '?token=?room=1')}`);
    });
  });

  describe('trying again', () => {
    let server: Peer;
    beforeEach(() => {
      server = startServer();
    });

    test('onReconnectStop is called once where retryOnError and shouldReconnect are both given', async () => {
      server.down();
      const onReconnectStop = vi.fn();
      const options = { retryOnError: true, shouldReconnect: always, reconnectInterval: 10, reconnectAttempts: 2 };
      mount(library, { options: { ...options, onReconnectStop } });
      await pass(10_000);
      expect(onReconnectStop.mock.calls).toEqual(either([[2]], [[2], [2]]));
    });

    test('retryOnError tries again for a shared connection, too', async () => {
      server.down();
      const page = mount(library, { options: { share: true, retryOnError: true, reconnectInterval: 1_000 } });
      await pass(500);
      server.up();
      await pass(5_000);
      expect(page.current.readyState).toBe(either<number>(OPEN, CLOSED));
    });

    test('onReconnectStop is given the number, though reconnectAttempts is left to its default', async () => {
      server.down();
      const onReconnectStop = vi.fn();
      mount(library, { options: { retryOnError: true, reconnectInterval: 10, onReconnectStop } });
      await pass(10_000);
      expect(onReconnectStop.mock.calls).toEqual([[either<number | undefined>(20, undefined)]]);
    });

    test('the network that comes back ends the wait', async () => {
      server.down();
      const page = mount(library, { options: { shouldReconnect: always, reconnectInterval: 60_000 } });
      await pass(500);
      server.up();
      act(() => void window.dispatchEvent(new Event('online')));
      await pass();
      expect(page.current.readyState).toBe(either<number>(OPEN, CLOSED));
    });
  });

  describe('share', () => {
    let server: Peer;
    beforeEach(() => {
      server = startServer();
    });

    test('who did not ask to reconnect uses the connection that another one reopened', async () => {
      const [a, b] = [probe(library), probe(library)];
      render(
        <>
          <a.Component options={{ ...share, shouldReconnect: always, reconnectInterval: 100 }} />
          <b.Component options={share} />
        </>,
      );
      await pass();
      server.close();
      await pass(1_000);
      b.current.sendMessage('from b');
      await pass();
      expect(a.current.readyState).toBe(OPEN);
      expect(server.received).toEqual(either(['from b'], []));
    });

    test('the heartbeat of any component counts, whichever mounted first', async () => {
      const [first, second] = [probe(library), probe(library)];
      render(
        <>
          <first.Component options={share} />
          <second.Component options={{ ...share, heartbeat: { message: 'ping', interval: 1_000 } }} />
        </>,
      );
      await pass(5_000);
      expect(server.received.length > 0).toBe(either(true, false));
    });

    test('a handler that throws keeps nobody else from hearing', async () => {
      // As a browser does it: vitest has happy-dom throw into the test.
      const { settings } = (window as unknown as { happyDOM: { settings: { disableErrorCapturing: boolean } } })
        .happyDOM;
      settings.disableErrorCapturing = false;
      const [a, b] = [probe(library), probe(library)];
      const failure = new Error('in onMessage');
      const onMessage = (): void => {
        throw failure;
      };
      render(
        <>
          <a.Component options={{ ...share, onMessage }} />
          <b.Component options={share} />
        </>,
      );
      await pass();
      const send = (): void => server.send('x');
      if (library === ours) send();
      else expect(send).toThrow(failure);
      await pass();
      settings.disableErrorCapturing = true;
      expect([a.seen, b.seen]).toEqual(either([['x'], ['x']], [[], []]));
    });

    test('all components render a message together', async () => {
      const [a, b] = [probe(library), probe(library)];
      const onRender = vi.fn();
      render(
        <Profiler id="page" onRender={onRender}>
          <a.Component options={share} />
          <b.Component options={share} />
        </Profiler>,
      );
      await pass();
      onRender.mockClear();
      server.send('x');
      await pass();
      expect([a.seen, b.seen, onRender.mock.calls.length]).toEqual([['x'], ['x'], either(1, 2)]);
    });

    test('a component that mounts in place of the last one keeps the connection', async () => {
      const [a, b] = [probe(library), probe(library)];
      const view = render(<a.Component key="a" options={share} />);
      await pass();
      view.rerender(<b.Component key="b" options={share} />);
      await pass();
      expect([server.opened.length, b.current.readyState]).toEqual([either(1, 2), OPEN]);
    });

    test('other subprotocols are another connection', async () => {
      mount(library, { options: { ...share, protocols: 'a' } });
      mount(library, { options: { ...share, protocols: 'b' } });
      await pass();
      expect(server.offers).toEqual(either([['a'], ['b']], [['a']]));
    });

    test('resetGlobalState closes the connection, and messages do not come twice', async () => {
      mount(library, { options: share });
      await pass();
      library.resetGlobalState(URL_TEXT);
      const later = mount(library, { options: share });
      await pass();
      server.send('x');
      await pass();
      expect([server.alive, later.seen]).toEqual(either([1, ['x']], [2, ['x', 'x']]));
    });

    test('resetGlobalState of another url leaves it alone', async () => {
      const page = mount(library, { options: share });
      await pass();
      library.resetGlobalState('ws://chat.test/elsewhere');
      server.send('x');
      await pass();
      expect(page.seen).toEqual(either(['x'], []));
      if (library === ours) page.unmount();
      else expect(() => page.unmount()).toThrow(TypeError);
    });

    test('a url that no browser takes ends in CLOSED', async () => {
      const thrown = vi.fn();
      process.on('unhandledRejection', thrown);
      const page = mount(library, { url: 'gopher://chat.test' });
      await pass();
      process.off('unhandledRejection', thrown);
      expect(page.current.readyState).toBe(either<number>(CLOSED, CONNECTING));
    });

    test('getWebSocket can be listened to, and refuses a handler without throwing', async () => {
      const page = mount(library, { options: share });
      await pass();
      const socket = page.current.getWebSocket();
      const heard = vi.fn();
      socket?.addEventListener('message', heard);
      server.send('x');
      await pass();
      expect(heard).toHaveBeenCalledTimes(either(1, 0));
      const assign = (): void => {
        if (socket !== null) socket.onmessage = heard;
      };
      if (library === ours) expect(assign).not.toThrow();
      else expect(assign).toThrow(TypeError);
    });
  });

  describe('a dead link', () => {
    let world: TestWorld;
    beforeEach(() => {
      vi.useFakeTimers();
      vi.spyOn(console, 'warn').mockImplementation(() => {});
      world = createTestWorld({ timers: 'global', latencyMs: 5 });
      vi.stubGlobal('WebSocket', world.WebSocket);
    });
    const heartbeat = { interval: 5_000, timeout: 10_000 };

    test('is left when the heartbeat finds it, not when the browser gives it up a minute later', async () => {
      world.server(URL_TEXT, { onMessage: (peer) => peer.send('pong') });
      const onClose = vi.fn();
      const options = { heartbeat, onClose, shouldReconnect: always, reconnectInterval: 1_000 };
      const page = mount(library, { options });
      await pass(30_000);
      expect(page.current.readyState).toBe(OPEN);
      world.network.blackHole();
      await pass(heartbeat.timeout + 2_600);
      expect(onClose.mock.calls.map(([{ code }]) => code)).toEqual(either([1006], []));
      world.network.heal();
      await pass(3_000);
      expect(page.current.readyState).toBe(OPEN);
    });

    test('is not seen where a clock jumped or a timer was late: the server is asked first', async () => {
      world.server(URL_TEXT, { onMessage: (peer) => peer.send('pong') });
      const page = mount(library, { options: { heartbeat } });
      await pass(30_000);
      let sleptMs = 0;
      const [date, performed] = [Date.now.bind(Date), performance.now.bind(performance)];
      vi.spyOn(Date, 'now').mockImplementation(() => date() + sleptMs);
      vi.spyOn(performance, 'now').mockImplementation(() => performed() + sleptMs);
      sleptMs = 3_600_000;
      await pass(30_000);
      expect(page.states.includes(CLOSED)).toBe(either(false, true));
    });

    test('with a timeout below the interval is found by a ping all the same', async () => {
      const server = world.server(URL_TEXT, { onMessage: (peer) => peer.send('pong') });
      const page = mount(library, { options: { heartbeat: { interval: 10_000, timeout: 2_000 } } });
      await pass(60_000);
      expect([page.states.includes(CLOSED), server.messages.length > 0]).toEqual(either([false, true], [true, false]));
      world.network.blackHole();
      await pass(20_000);
      expect(page.current.readyState).toBe(CLOSED);
    });

    test('that never answers the handshake is left after 10 s', async () => {
      world.server(URL_TEXT);
      world.network.hang();
      const page = mount(library);
      await pass(11_000);
      expect(page.current.readyState).toBe(either<number>(CLOSED, CONNECTING));
    });
  });

  test('fromSocketIO and eventSourceOptions are refused, and not half done', () => {
    startServer();
    const use = (): unknown => mount(library, { options: { fromSocketIO: true } as object });
    if (library === ours) expect(use).toThrow(new TypeError('option fromSocketIO needs the client of its protocol'));
    else expect(use).not.toThrow();
  });
});
