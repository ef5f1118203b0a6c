import { describe, expect, it } from 'vitest';
import { ERROR_CODES, HoldfastError, type ErrorCode } from './errors.ts';

describe('HoldfastError', () => {
  it('is an Error with a code, a time and details', () => {
    const error = new HoldfastError({ code: 'QUEUE_FULL', message: 'full', details: { maxMessages: 3 } }, 12);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'HoldfastError',
      code: 'QUEUE_FULL',
      message: 'full',
      timestamp: 12,
      details: { maxMessages: 3 },
      retryable: true,
    });
  });

  it('has a cause only where there is one', () => {
    const cause = new TypeError('first');
    expect(new HoldfastError({ code: 'URL_FAILED', message: 'second', cause }, 0).cause).toBe(cause);
    expect('cause' in new HoldfastError({ code: 'URL_FAILED', message: 'second' }, 0)).toBe(false);
  });

  it('goes into JSON without its cause, which may hold anything', () => {
    const error = new HoldfastError({ code: 'CLOSED', message: 'closed', cause: { token: 'secret' } }, 5);
    expect(JSON.parse(JSON.stringify(error))).toEqual({ code: 'CLOSED', message: 'closed', timestamp: 5, details: {} });
  });

  it.each(Object.keys(ERROR_CODES) as ErrorCode[])('%s says whether a retry helps', (code) => {
    const error = new HoldfastError({ code, message: '' }, 0);
    expect(error.retryable).toBe(ERROR_CODES[code].retryable);
    expect(code).toMatch(/^[A-Z]+(?:_[A-Z]+)*$/);
  });
});
