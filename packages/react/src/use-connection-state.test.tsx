import type { ConnectionState } from '@holdfast/core';
import { act, cleanup, render } from '@testing-library/react';
import { StrictMode, useState, type ReactNode } from 'react';
import { afterEach, expect, test, vi } from 'vitest';
import { fakeSocket, type FakeSocket } from './fake-socket.fixture.ts';
import { useConnectionState } from './use-connection-state.ts';

afterEach(cleanup);

/** Shows what `useConnectionState` gives and counts its renders. */
function probe<Selected>(socket: FakeSocket, selector: (state: ConnectionState) => Selected) {
  const seen: Selected[] = [];
  function Probe(): ReactNode {
    // Another function in every render, as apps write it.
    seen.push(useConnectionState(socket, (state) => selector(state)));
    return JSON.stringify(seen.at(-1));
  }
  const view = render(<Probe />);
  return { seen, view, rerender: () => view.rerender(<Probe />) };
}

test('gives the whole state, and each new one', () => {
  const socket = fakeSocket();
  function Probe(): ReactNode {
    const state: ConnectionState = useConnectionState(socket);
    return `${state.phase} ${state.attempt}`;
  }
  const { container } = render(<Probe />);
  expect(container.textContent).toBe('idle 0');
  act(() => {
    socket.setState({ phase: 'waiting', attempt: 3 });
  });
  expect(container.textContent).toBe('waiting 3');
});

test('renders only when the selected value changed', () => {
  const socket = fakeSocket();
  const { seen } = probe(socket, (state) => state.phase);
  act(() => {
    socket.setState({ attempt: 1 });
  });
  act(() => {
    socket.setStats({ queued: 7, rttMs: 5 });
  });
  expect(seen).toEqual(['idle']);
  act(() => {
    socket.setState({ phase: 'open' });
  });
  expect(seen).toEqual(['idle', 'open']);
});

test('the whole state does not change with the numbers', () => {
  const socket = fakeSocket();
  const { seen } = probe(socket, (state) => state);
  act(() => {
    socket.setStats({ queued: 7 });
  });
  expect(seen).toHaveLength(1);
});

test('compares objects, arrays and sets by their entries', () => {
  const socket = fakeSocket();
  const object = probe(socket, ({ phase, attempt }) => ({ phase, attempt }));
  const array = probe(socket, ({ phase, attempt }) => [phase, attempt]);
  const set = probe(socket, ({ phase }) => new Set([phase]));
  act(() => {
    socket.setState({ since: 99 });
  });
  expect([object, array, set].map(({ seen }) => seen.length)).toEqual([1, 1, 1]);
  act(() => {
    socket.setState({ phase: 'open' });
  });
  expect([object, array, set].map(({ seen }) => seen.length)).toEqual([2, 2, 2]);
  expect(object.seen.at(-1)).toEqual({ phase: 'open', attempt: 0 });
});

test('keeps the selected object over renders of its own', () => {
  const { seen, rerender } = probe(fakeSocket(), ({ phase }) => ({ phase }));
  rerender();
  expect(seen).toHaveLength(2);
  expect(seen[1]).toBe(seen[0]);
});

test('objects without entries are compared by identity', () => {
  const socket = fakeSocket();
  const { seen } = probe(socket, ({ since }) => new Date(since));
  act(() => {
    socket.setState({ since: 99 });
  });
  expect(seen.map(Number)).toEqual([1, 99]);
});

test('a selector that depends on a prop gives the value of this render', () => {
  const socket = fakeSocket();
  function Probe({ field }: { field: 'phase' | 'attempt' }): ReactNode {
    return String(useConnectionState(socket, (state) => state[field]));
  }
  const { container, rerender } = render(<Probe field="phase" />);
  rerender(<Probe field="attempt" />);
  expect(container.textContent).toBe('0');
});

test('what happens between the render and its subscription is shown', () => {
  const socket = fakeSocket();
  function Probe(): ReactNode {
    const phase = useConnectionState(socket, (state) => state.phase);
    // The first moment after this render: earlier than any effect.
    return <span ref={() => void (phase === 'idle' && socket.setState({ phase: 'open' }))}>{phase}</span>;
  }
  const { container } = render(<Probe />);
  expect(container.textContent).toBe('open');
});

test('what happens in between and leaves the selected object equal costs no render', () => {
  const socket = fakeSocket();
  let renders = 0;
  function Probe(): ReactNode {
    renders += 1;
    const { phase } = useConnectionState(socket, (state) => ({ phase: state.phase }));
    return <span ref={() => socket.setState({ attempt: 5 })}>{phase}</span>;
  }
  render(<Probe />);
  expect(renders).toBe(1);
});

test('two components never show two phases, and each follows when sockets are changed', () => {
  const first = fakeSocket();
  const second = fakeSocket();
  second.setState({ phase: 'open' });
  function Phase({ socket }: { socket: FakeSocket }): ReactNode {
    return `${useConnectionState(socket, (state) => state.phase)} `;
  }
  const both = (socket: FakeSocket): ReactNode => [
    <Phase key="a" socket={socket} />,
    <Phase key="b" socket={socket} />,
  ];
  const { container, rerender, unmount } = render(both(first));
  expect(container.textContent).toBe('idle idle ');
  expect(first.subscribers()).toBe(2);
  rerender(both(second));
  expect(container.textContent).toBe('open open ');
  expect([first.subscribers(), second.subscribers()]).toEqual([0, 2]);
  act(() => {
    second.setState({ phase: 'paused' });
  });
  expect(container.textContent).toBe('paused paused ');
  unmount();
  expect(second.subscribers()).toBe(0);
});

test('leaves one subscription in Strict Mode', () => {
  const socket = fakeSocket();
  function Probe(): ReactNode {
    return useConnectionState(socket, (state) => state.phase);
  }
  const { unmount } = render(
    <StrictMode>
      <Probe />
    </StrictMode>,
  );
  expect(socket.subscribers()).toBe(1);
  unmount();
  expect(socket.subscribers()).toBe(0);
});

test('what the selector throws is thrown by the render', () => {
  const socket = fakeSocket();
  vi.spyOn(console, 'error').mockImplementation(() => {});
  expect(() =>
    probe(socket, () => {
      throw new Error('no such field');
    }),
  ).toThrow('no such field');
  vi.restoreAllMocks();
});

test('a parent that renders for its own reasons runs no selector again on the same state and function', () => {
  const socket = fakeSocket();
  const selector = vi.fn((state: ConnectionState) => state.phase);
  let again: (value: number) => void = () => {};
  function Probe(): ReactNode {
    again = useState(0)[1];
    return useConnectionState(socket, selector);
  }
  render(<Probe />);
  const before = selector.mock.calls.length;
  act(() => {
    again(1);
  });
  expect(selector).toHaveBeenCalledTimes(before);
});

test('a breaker that opens and closes is seen', () => {
  const socket = fakeSocket();
  const { seen } = probe(socket, (state) => state.breaker);
  for (const breaker of ['open', 'half-open', 'half-open', 'closed'] as const) {
    act(() => {
      socket.setState({ breaker });
    });
  }
  expect(seen).toEqual(['closed', 'open', 'half-open', 'closed']);
});
