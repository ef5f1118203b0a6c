import { expect, test } from 'vitest';
import { HoldfastError } from '../lib/errors.ts';
import { toError } from './to-error.ts';

test('errors are made of failures, all the way down', () => {
  const cause = new TypeError('first');
  const error = toError(
    { code: 'RETRIES_EXHAUSTED', message: 'third', cause: { code: 'URL_FAILED', message: 'second', cause } },
    7,
  );
  expect(error).toMatchObject({ code: 'RETRIES_EXHAUSTED', timestamp: 7 });
  expect(error.cause).toBeInstanceOf(HoldfastError);
  expect((error.cause as HoldfastError).cause).toBe(cause);
});

test('what an app threw is left alone', () => {
  for (const cause of [
    'text',
    null,
    7,
    { message: 'no code' },
    new HoldfastError({ code: 'CLOSED', message: '' }, 0),
  ]) {
    expect(toError({ code: 'PREPARE_FAILED', message: '', cause }, 0).cause).toBe(cause);
  }
});
