import { afterEach, expect, test, vi } from 'vitest';
import { FakeEnvironment } from '../testing-fakes/fake-environment.fixture.ts';
import { createAppEvents } from './app-events.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test('what a listener throws goes to the console while nothing listens to error', () => {
  const told = vi.spyOn(console, 'error').mockImplementation(() => {});
  const events = createAppEvents<string>(new FakeEnvironment(), null, () => 0);
  const mistake = new TypeError('no such function');
  events.on('message', () => {
    throw mistake;
  });
  events.emit('message', 'one');
  expect(told.mock.calls).toEqual([['[holdfast] a listener of message threw', mistake]]);
  const heard: unknown[] = [];
  events.on('error', ({ code, cause }) => void heard.push([code, cause]));
  events.emit('message', 'two');
  expect([told.mock.calls.length, heard]).toEqual([1, [['LISTENER_FAILED', mistake]]]);
});

test('a listener of error that throws is not told to itself', () => {
  const told = vi.spyOn(console, 'error').mockImplementation(() => {});
  const records: string[] = [];
  const events = createAppEvents<string>(
    new FakeEnvironment(),
    ({ message }) => void records.push(message ?? ''),
    () => 0,
  );
  events.on('error', () => {
    throw new Error('again');
  });
  events.report({ code: 'STORAGE_FAILED', message: 'first' });
  expect([records, told.mock.calls]).toEqual([['first', 'a listener of error threw'], []]);
});
