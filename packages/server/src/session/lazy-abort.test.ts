import { expect, it } from 'vitest';
import { LazyAbort } from './lazy-abort.ts';

it('makes a signal once, when it is asked for', () => {
  let made = 0;
  const abort = new LazyAbort(() => {
    made += 1;
    return new AbortController();
  });
  expect([made, abort.isAborted]).toEqual([0, false]);
  expect(abort.signal).toBe(abort.signal);
  expect(made).toBe(1);
});

it('aborts a signal that is there, once, with the first reason', () => {
  const abort = new LazyAbort(() => new AbortController());
  const { signal } = abort;
  let heard = 0;
  signal.addEventListener('abort', () => (heard += 1));
  abort.abort('first');
  abort.abort('second');
  expect([heard, signal.aborted, signal.reason, abort.isAborted]).toEqual([1, true, 'first', true]);
});

it('gives a signal that has aborted to who asks later', () => {
  const abort = new LazyAbort(() => new AbortController());
  abort.abort('gone');
  expect([abort.signal.aborted, abort.signal.reason]).toEqual([true, 'gone']);
});
