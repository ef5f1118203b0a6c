import {
  browserEnvironment,
  createSocket,
  HoldfastError,
  memory,
  plain,
  type ConnectionState,
  type MessageData,
  type Socket,
} from '@holdfast/core';
import { act, render, type RenderResult } from '@testing-library/react';
import { Component, StrictMode, Suspense, useState, type ReactNode } from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { endTest, mockServer, pass, type MockServer } from './mock-server.fixture.ts';
import type { UseSocketOptions } from './socket-request.ts';
import { wait } from './suspend.fixture.tsx';
import { useConnectionState } from './use-connection-state.ts';
import { useOnMessage } from './use-on-message.ts';
import { useSocket } from './use-socket.ts';
import { useSocketStats } from './use-socket-stats.ts';

const HERE = 'ws://chat.test/here';
const THERE = 'ws://chat.test/there';

let server: MockServer;

beforeEach(() => {
  vi.useFakeTimers();
  server = mockServer(HERE, THERE);
});

afterEach(() => endTest(server));

/** Shows the phase of a pooled socket, and hands the socket out. */
function Chat({
  url = HERE,
  onSocket,
  ...options
}: UseSocketOptions & { url?: string | URL; onSocket?: (socket: Socket) => void }): ReactNode {
  const socket = useSocket(url, options);
  onSocket?.(socket);
  return useConnectionState(socket, (state) => state.phase);
}

/** For what suspends: React takes it up again only in an awaited `act`. */
async function renderAwaited(page: ReactNode): Promise<RenderResult> {
  return act(async () => render(page));
}

test('Strict Mode opens exactly one connection', async () => {
  const { container } = render(
    <StrictMode>
      <Chat />
    </StrictMode>,
  );
  expect(container.textContent).toBe('connecting');
  await pass(100);
  expect(container.textContent).toBe('open');
  await pass(5_000);
  expect(server.opened.map(({ url }) => url)).toEqual([HERE]);
});

test('a render asks for nothing: the first effect does', async () => {
  const events: string[] = [];
  function Page(): ReactNode {
    useSocket(HERE, { onEvent: ({ name }) => events.push(name) });
    events.push('rendered');
    return null;
  }
  render(<Page />);
  await pass(100);
  expect(events.slice(0, 2)).toEqual(['rendered', 'connection.connecting']);
});

test('components that share a URL share a socket', async () => {
  const sockets = new Set<Socket>();
  const onSocket = (socket: Socket): void => void sockets.add(socket);
  const { rerender } = render([
    <Chat key="a" onSocket={onSocket} />,
    <Chat key="b" url={new URL(HERE)} onSocket={onSocket} />,
  ]);
  await pass(100);
  rerender([
    <Chat key="a" onSocket={onSocket} />,
    <Chat key="b" url={new URL(HERE)} onSocket={onSocket} />,
    <Chat key="c" onSocket={onSocket} />,
  ]);
  await pass(100);
  expect(sockets.size).toBe(1);
  expect(server.opened).toHaveLength(1);
});

test('closes when the last component has been away for the idle time', async () => {
  const { rerender } = render([<Chat key="a" />, <Chat key="b" />]);
  await pass(100);
  rerender([<Chat key="b" />]);
  await pass(10_000);
  expect(server.alive()).toBe(1);
  rerender([]);
  await pass(999);
  expect(server.alive()).toBe(1);
  await pass(200);
  expect(server.alive()).toBe(0);
  expect(server.opened).toHaveLength(1);
});

test('a change of route keeps the connection', async () => {
  const { rerender, container } = render(<Chat key="first page" />);
  await pass(100);
  rerender(<p>loading</p>);
  await pass(900);
  rerender(<Chat key="second page" />);
  expect(container.textContent).toBe('open');
  await pass(10_000);
  expect(container.textContent).toBe('open');
  expect(server.opened).toHaveLength(1);
});

test('coming back after the idle time opens a new connection', async () => {
  const { rerender, container } = render(<Chat key="first page" />);
  await pass(100);
  rerender(<p>elsewhere</p>);
  await pass(2_000);
  rerender(<Chat key="second page" />);
  await pass(100);
  expect(container.textContent).toBe('open');
  expect(server.opened).toHaveLength(2);
});

test('idleMs decides how long an unused socket stays', async () => {
  const { unmount } = render(<Chat idleMs={30_000} />);
  await pass(100);
  unmount();
  await pass(29_000);
  expect(server.alive()).toBe(1);
  await pass(2_000);
  expect(server.alive()).toBe(0);
});

test('another value is another socket; the same value in a new object is not', async () => {
  const sockets = new Set<Socket>();
  const onSocket = (socket: Socket): void => void sockets.add(socket);
  const view = render(<Chat onSocket={onSocket} reconnect={{ factor: 2 }} />);
  await pass(100);
  view.rerender(<Chat onSocket={onSocket} reconnect={{ factor: 2 }} />);
  await pass(100);
  expect(server.opened).toHaveLength(1);
  view.rerender(<Chat onSocket={onSocket} reconnect={{ factor: 3 }} />);
  expect(view.container.textContent).toBe('connecting');
  await pass(2_000);
  expect(view.container.textContent).toBe('open');
  expect(server.opened).toHaveLength(2);
  expect(server.alive()).toBe(1);
  expect(sockets.size).toBe(2);
});

test('another URL is another socket, and going back in time finds the first', async () => {
  const view = render(<Chat url={HERE} />);
  await pass(100);
  view.rerender(<Chat url={THERE} />);
  await pass(500);
  view.rerender(<Chat url={HERE} />);
  expect(view.container.textContent).toBe('open');
  await pass(2_000);
  expect(server.opened.map(({ url }) => url)).toEqual([HERE, THERE]);
  expect(server.alive()).toBe(1);
});

test('options made in the render cost no new connection', async () => {
  function Page(): ReactNode {
    const socket = useSocket(HERE, { outbox: memory(), protocol: plain() });
    return useConnectionState(socket).phase;
  }
  const { container } = render(<Page />);
  await pass(5_000);
  expect(container.textContent).toBe('open');
  expect(server.opened).toHaveLength(1);
});

test('new functions are used at the next call, without a new connection', async () => {
  const calls: string[] = [];
  function Page({ name }: { name: string }): ReactNode {
    const socket = useSocket(
      () => {
        calls.push(`url ${name}`);
        return HERE;
      },
      {
        key: 'page',
        onConnect: () => void calls.push(`connect ${name}`),
        onEvent: () => void calls.push(`event ${name}`),
      },
    );
    return useConnectionState(socket, (state) => state.phase);
  }
  const { rerender, container } = render(<Page name="first" />);
  await pass(100);
  expect(container.textContent).toBe('open');
  expect(calls.filter((call) => !call.startsWith('event'))).toEqual(['url first', 'connect first']);
  expect(calls).toContain('event first');
  calls.length = 0;
  rerender(<Page name="second" />);
  await pass(5_000);
  expect(server.opened).toHaveLength(1);
  expect(calls).not.toContain('url second');
  act(() => {
    server.clients[0]?.close(1012, 'restart');
  });
  await pass(30_000);
  expect(container.textContent).toBe('open');
  expect(server.opened).toHaveLength(2);
  expect(calls.filter((call) => !call.startsWith('event'))).toEqual(['url second', 'connect second']);
  expect(calls).toContain('event second');
  expect(calls).not.toContain('event first');
});

test('autoConnect false opens nothing; true connects the same socket', async () => {
  const sockets = new Set<Socket>();
  const onSocket = (socket: Socket): void => void sockets.add(socket);
  const { rerender, container } = render(<Chat onSocket={onSocket} autoConnect={false} />);
  await pass(5_000);
  expect(container.textContent).toBe('idle');
  expect(server.opened).toHaveLength(0);
  rerender(<Chat onSocket={onSocket} autoConnect />);
  await pass(100);
  expect(container.textContent).toBe('open');
  expect(sockets.size).toBe(1);
});

test('what is sent before the connection is up arrives', async () => {
  function Page(): ReactNode {
    const socket = useSocket(HERE);
    useState(() => socket);
    return (
      <button
        onClick={() => {
          socket.send({ hello: 1 });
        }}
      />
    );
  }
  const { getByRole } = render(<Page />);
  act(() => {
    getByRole('button').click();
  });
  await pass(100);
  expect(server.received).toEqual(['{"hello":1}']);
});

test('a given socket comes back as it is and is neither connected nor closed', async () => {
  const socket = createSocket({ url: HERE, autoConnect: false });
  const seen = new Set<unknown>();
  function Page(): ReactNode {
    seen.add(useSocket(socket));
    return null;
  }
  const { unmount } = render(
    <StrictMode>
      <Page />
    </StrictMode>,
  );
  await pass(5_000);
  expect([...seen]).toEqual([socket]);
  expect(server.opened).toHaveLength(0);
  socket.connect();
  await pass(100);
  unmount();
  await pass(60_000);
  expect(socket.getState().phase).toBe('open');
  await act(() => socket.close());
});

test('from a URL to a given socket and back', async () => {
  const given = createSocket({ url: THERE });
  function Page({ target }: { target: Socket | string }): ReactNode {
    const socket = useSocket(target);
    return `${String(socket === given)} ${useConnectionState(socket, (state) => state.phase)}`;
  }
  const { container, rerender } = render(<Page target={HERE} />);
  await pass(100);
  expect(container.textContent).toBe('false open');
  rerender(<Page target={given} />);
  await pass(2_000);
  expect(container.textContent).toBe('true open');
  expect(server.alive()).toBe(1);
  rerender(<Page target={HERE} />);
  await pass(2_000);
  expect(container.textContent).toBe('false open');
  expect(given.getState().phase).toBe('open');
  await act(() => given.close());
});

test('a socket that the app closed stays closed for those who have it; a later component gets a new one', async () => {
  let first: Socket | undefined;
  const { container, rerender } = render([<Chat key="a" onSocket={(socket) => (first ??= socket)} />]);
  await pass(100);
  await act(() => first?.close());
  rerender([<Chat key="a" />]);
  await pass(5_000);
  expect(container.textContent).toBe('closed');
  expect(server.opened).toHaveLength(1);
  rerender([<Chat key="a" />, <i key="i"> </i>, <Chat key="b" />]);
  await pass(100);
  expect(container.textContent).toBe('closed open');
  expect(server.opened).toHaveLength(2);
});

test('a render that is never committed opens and leaves nothing', async () => {
  const never = new Promise<never>(() => {});
  function Page(): ReactNode {
    useSocket(HERE);
    return wait(never);
  }
  const { container, unmount } = await renderAwaited(
    <StrictMode>
      <Suspense fallback="loading">
        <Page />
      </Suspense>
    </StrictMode>,
  );
  await pass(100);
  expect(container.textContent).toBe('loading');
  unmount();
  await pass(1_000);
  expect(server.opened).toHaveLength(0);
  expect(vi.getTimerCount()).toBe(0);
});

test('a render that is committed late connects all the same', async () => {
  let resolve: (text: string) => void = () => {};
  const text = new Promise<string>((settle) => {
    resolve = settle;
  });
  function Page(): ReactNode {
    const socket = useSocket(HERE);
    const phase = useConnectionState(socket, (state) => state.phase);
    return `${wait(text)} ${phase}`;
  }
  const { container } = await renderAwaited(
    <Suspense fallback="loading">
      <Page />
    </Suspense>,
  );
  await pass(5_000);
  expect(container.textContent).toBe('loading');
  expect(server.opened).toHaveLength(0);
  resolve('ready');
  await pass(1_000);
  await pass(100);
  expect(container.textContent).toBe('ready open');
  expect(server.opened).toHaveLength(1);
});

class Boundary extends Component<{ children: ReactNode }, { fault: unknown }> {
  override state: { fault: unknown } = { fault: null };
  static getDerivedStateFromError(fault: unknown): { fault: unknown } {
    return { fault };
  }
  override render(): ReactNode {
    const { fault } = this.state;
    if (fault instanceof Error) return fault instanceof HoldfastError ? fault.code : fault.message;
    return this.props.children;
  }
}

test('an environment that is a new one in every render ends in the words of React', () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  function Page(): ReactNode {
    const { phase } = useConnectionState(useSocket(HERE, { environment: { ...browserEnvironment() } }));
    return phase;
  }
  const { container } = render(
    <Boundary>
      <Page />
    </Boundary>,
  );
  expect(container.textContent).toMatch(/^Too many re-renders/);
});

test.each<[string, () => unknown]>([
  ['a URL function without key', () => useSocket((() => HERE) as unknown as string)],
  ['null instead of a URL', () => useSocket(null as unknown as string)],
  ['an option that createSocket refuses', () => useSocket(HERE, { reconnect: { factor: -1 } })],
])('an error boundary gets INVALID_OPTION for %s', async (_, useIt) => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  function Page(): ReactNode {
    useIt();
    return 'fine';
  }
  const { container } = render(
    <Boundary>
      <Page />
    </Boundary>,
  );
  expect(container.textContent).toBe('INVALID_OPTION');
  expect(server.opened).toHaveLength(0);
});

/** Renders `children` below a counted component that shows the connection. */
async function renderCounted(
  select: (state: ConnectionState) => unknown,
  children: (socket: Socket) => ReactNode,
): Promise<{ view: RenderResult; renders: () => number }> {
  let renders = 0;
  function Shown({ socket }: { socket: Socket }): ReactNode {
    renders += 1;
    return String(useConnectionState(socket, select));
  }
  function Page(): ReactNode {
    const socket = useSocket(HERE);
    return (
      <>
        <Shown socket={socket} />
        {children(socket)}
      </>
    );
  }
  const view = render(
    <StrictMode>
      <Page />
    </StrictMode>,
  );
  await pass(100);
  return { view, renders: () => renders };
}

test('1,000 messages reach the handler once each, in order, and render nothing', async () => {
  const heard: MessageData[] = [];
  function Listener({ socket }: { socket: Socket }): ReactNode {
    useOnMessage(socket, (message) => void heard.push(message));
    return null;
  }
  const { view, renders } = await renderCounted(
    (state) => state.phase,
    (socket) => <Listener socket={socket} />,
  );
  expect(view.container.textContent).toBe('open');
  const before = renders();
  const expected = Array.from({ length: 1_000 }, (_, index) => index);
  // Half in one turn, as a burst comes, half in turns of their own, so that batching hides no render.
  for (const index of expected.slice(0, 500)) server.clients[0]?.send(JSON.stringify(index));
  await pass(100);
  for (const index of expected.slice(500)) {
    server.clients[0]?.send(JSON.stringify(index));
    act(() => {
      vi.advanceTimersByTime(5);
    });
  }
  expect(heard).toEqual(expected);
  expect(renders()).toBe(before);
});

test('numbers that change render only who shows them', async () => {
  const queued = new Set<number>();
  function Numbers({ socket }: { socket: Socket }): ReactNode {
    queued.add(useSocketStats(socket, (stats) => stats.queued));
    return null;
  }
  let socket: Socket | undefined;
  const { renders } = await renderCounted(
    (state) => state.phase,
    (given) => {
      socket = given;
      return <Numbers socket={given} />;
    },
  );
  act(() => socket?.pause());
  const before = renders();
  for (let index = 0; index < 20; index += 1) {
    act(() => {
      socket?.send(index);
    });
    await pass(20);
  }
  expect(queued).toContain(20);
  expect(renders()).toBe(before);
});

test('a handler that throws is reported, and the others still hear', async () => {
  const heard: string[] = [];
  const faults: HoldfastError[] = [];
  function Listener({ socket, handler }: { socket: Socket; handler: (message: MessageData) => void }): ReactNode {
    useOnMessage(socket, handler);
    return null;
  }
  const broken = new Error('broken handler');
  let socket: Socket | undefined;
  await renderCounted(
    () => 0,
    (given) => {
      socket = given;
      return (
        <>
          <Listener
            socket={given}
            handler={() => {
              throw broken;
            }}
          />
          <Listener socket={given} handler={(message) => heard.push(JSON.stringify(message))} />
        </>
      );
    },
  );
  socket?.on('error', (error) => faults.push(error));
  server.clients[0]?.send('"one"');
  await pass(100);
  expect(heard).toEqual(['"one"']);
  expect(faults).toEqual([expect.objectContaining({ code: 'LISTENER_FAILED', cause: broken })]);
});
