import { act, cleanup, render } from '@testing-library/react';
import { useEffect, useSyncExternalStore, type ReactNode } from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { inTurns } from './in-turns.ts';

beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
});

afterEach(async () => {
  cleanup();
  await nextTask();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** Whatever is waiting in a task comes before. */
const nextTask = async (): Promise<void> => {
  for (let index = 0; index < 5; index += 1) await act(() => new Promise<void>((resolve) => setTimeout(resolve)));
};

/** A component that shows what it is told, and effects that see it. */
function watcher(): { readonly seen: unknown[]; readonly tell: (event: MessageEvent) => () => void } {
  const seen: unknown[] = [];
  let current: MessageEvent | null = null;
  let listener: () => void = () => {};
  const subscribe = (changed: () => void): (() => void) => {
    listener = changed;
    return () => {};
  };
  function Watcher(): ReactNode {
    const message = useSyncExternalStore(subscribe, () => current);
    useEffect(() => {
      if (message !== null) seen.push(message.data);
    }, [message]);
    return null;
  }
  render(<Watcher />);
  return {
    seen,
    tell: (event) => () => {
      current = event;
      listener();
    },
  };
}

const message = (data: number): MessageEvent => new MessageEvent('message', { data });
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

test('the first are told at once, the rest a few in each task, all in order', async () => {
  const { seen, tell } = watcher();
  act(() => {
    for (const event of numbers(35).map(message)) inTurns({ event, tell: tell(event) });
  });
  expect(seen).toEqual(numbers(10));
  await nextTask();
  expect(seen).toEqual(numbers(35));
});

test('one that comes while others wait waits behind them', async () => {
  const { seen, tell } = watcher();
  for (const event of numbers(11).map(message)) inTurns({ event, tell: tell(event) });
  const late = message(11);
  inTurns({ event: late, tell: tell(late) });
  await nextTask();
  expect(seen).toEqual(numbers(12));
});

test('all who hear the same event are told in the same turn', () => {
  const told: string[] = [];
  for (const event of numbers(10).map(message)) {
    for (const name of ['a', 'b']) inTurns({ event, tell: () => told.push(`${name}${event.data}`) });
  }
  expect(told).toHaveLength(20);
});

test('more than 10,000 that wait: the oldest are skipped, and it is said once', async () => {
  const told: unknown[] = [];
  for (const event of numbers(10_110).map(message)) inTurns({ event, tell: () => told.push(event.data) });
  expect(console.error).toHaveBeenCalledTimes(1);
  await vi.waitFor(() => expect(told.at(-1)).toBe(10_109));
  expect(told).toEqual([...numbers(10), ...numbers(10_110).slice(110)]);
});

test('without MessageChannel a timer stands in', async () => {
  vi.stubGlobal('MessageChannel', undefined);
  const told: unknown[] = [];
  for (const event of numbers(25).map(message)) inTurns({ event, tell: () => told.push(event.data) });
  await nextTask();
  expect(told).toEqual(numbers(25));
});
