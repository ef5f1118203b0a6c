import { act, cleanup, render } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, expect, test } from 'vitest';
import { fakeSocket } from './fake-socket.fixture.ts';
import { useSocketStats } from './use-socket-stats.ts';

afterEach(cleanup);

test('gives all numbers, and renders only when one of them changed', () => {
  const socket = fakeSocket();
  const seen: string[] = [];
  function Probe(): ReactNode {
    seen.push(JSON.stringify(useSocketStats(socket)));
    return null;
  }
  render(<Probe />);
  act(() => {
    socket.setStats({});
  });
  act(() => {
    socket.setState({ phase: 'open' });
  });
  expect(seen).toEqual(['{"rttMs":null,"queued":0,"inFlight":0}']);
  act(() => {
    socket.setStats({ rttMs: 20, inFlight: 1 });
  });
  expect(seen.at(-1)).toBe('{"rttMs":20,"queued":0,"inFlight":1}');
  expect(seen).toHaveLength(2);
});

test('renders only when the selected number changed', () => {
  const socket = fakeSocket();
  const seen: number[] = [];
  function Probe(): ReactNode {
    seen.push(useSocketStats(socket, (stats) => stats.queued));
    return null;
  }
  render(<Probe />);
  act(() => {
    socket.setStats({ rttMs: 3 });
  });
  expect(seen).toEqual([0]);
  act(() => {
    socket.setStats({ queued: 4 });
  });
  expect(seen).toEqual([0, 4]);
});
