import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../lib/errors.ts';
import { causeOfClose, CLOSE, GOING_AWAY, HEARTBEAT_MISSED, NORMAL, PROTOCOL_ERROR } from './close-codes.ts';

describe('CLOSE', () => {
  it('has the numbers that stand by themselves', () => {
    expect(CLOSE).toMatchObject({ NORMAL, GOING_AWAY, PROTOCOL_ERROR, HEARTBEAT_MISSED });
  });
});

describe('causeOfClose', () => {
  it('knows a cause for every number', () => {
    for (let code = 0; code < 5_000; code += 1) expect(Object.keys(ERROR_CODES)).toContain(causeOfClose(code));
    for (const code of [-1, 5_000, 65_535, 1.5, Number.NaN]) expect(causeOfClose(code)).toBe('CONNECTION_LOST');
  });

  it.each([
    [1000, 'SERVER_CLOSED'],
    [1001, 'CONNECTION_LOST'],
    [1002, 'PROTOCOL_ERROR'],
    [1003, 'PROTOCOL_ERROR'],
    [1005, 'CONNECTION_LOST'],
    [1006, 'CONNECTION_LOST'],
    [1007, 'PROTOCOL_ERROR'],
    [1008, 'FORBIDDEN'],
    [1009, 'CONNECTION_LOST'],
    [1010, 'PROTOCOL_ERROR'],
    [1011, 'CONNECTION_LOST'],
    [1012, 'SERVER_BUSY'],
    [1013, 'SERVER_BUSY'],
    [1014, 'CONNECTION_LOST'],
    [1015, 'CONNECTION_LOST'],
    [4000, 'CONNECTION_LOST'],
    [4401, 'UNAUTHORIZED'],
    [4403, 'FORBIDDEN'],
    [4408, 'HEARTBEAT_MISSED'],
    [4409, 'SESSION_TAKEN_OVER'],
    [4429, 'SERVER_BUSY'],
    [4999, 'CONNECTION_LOST'],
  ])('%i: %s', (closeCode, code) => {
    expect(causeOfClose(closeCode)).toBe(code);
  });

  it('has a rule of its own for each code that Holdfast closes with', () => {
    const plain = Object.values(CLOSE).filter((code) => causeOfClose(code) === 'CONNECTION_LOST');
    expect(plain).toEqual([CLOSE.GOING_AWAY, CLOSE.TOO_LARGE, CLOSE.INTERNAL_ERROR]);
  });
});
