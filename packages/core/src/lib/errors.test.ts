import { readFileSync } from 'node:fs';
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

  it('says how long the server asked to wait, where it did', () => {
    const busy = new HoldfastError({ code: 'SERVER_BUSY', message: '', details: { retryAfterMs: 1_500 } }, 0);
    const odd = new HoldfastError({ code: 'SERVER_BUSY', message: '', details: { retryAfterMs: '1500' } }, 0);
    const lost = new HoldfastError({ code: 'CONNECTION_LOST', message: '' }, 0);
    expect([busy.retryAfterMs, odd.retryAfterMs, lost.retryAfterMs]).toEqual([1_500, null, null]);
    expect(busy.toJSON().details).toEqual({ retryAfterMs: 1_500 });
  });

  it.each(Object.keys(ERROR_CODES) as ErrorCode[])('%s says whether a retry helps', (code) => {
    const error = new HoldfastError({ code, message: '' }, 0);
    expect(error.retryable).toBe(ERROR_CODES[code].retryable);
    expect(code).toMatch(/^[A-Z]+(?:_[A-Z]+)*$/);
  });

  it('has each code explained once in docs/errors.md, and no other', () => {
    const doc = readFileSync(new URL('../../../../docs/errors.md', import.meta.url), 'utf8');
    const rows = [...doc.matchAll(/^\| ([A-Z_]+) \| (.*) \|$/gm)];
    expect(rows.map(([, code]) => code)).toEqual(Object.keys(ERROR_CODES));
    // Cause, what Holdfast does, what the app should do: none is left open.
    for (const [row, , cells = ''] of rows)
      expect(
        cells.split(' | ').map((cell) => cell.trim() !== ''),
        row,
      ).toEqual([true, true, true]);
  });
});
