import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../lib/errors.ts';
import { CLOSE, reactToClose } from './close-codes.ts';

describe('reactToClose', () => {
  it('knows what to do about every number from 0 to 4999', () => {
    for (let code = 0; code < 5_000; code += 1) {
      const reaction = reactToClose(code);
      expect(['retry', 'renew', 'stop']).toContain(reaction.action);
      expect(Object.keys(ERROR_CODES)).toContain(reaction.code);
    }
  });

  it.each([
    [1000, 'stop', 'SERVER_CLOSED'],
    [1001, 'retry', 'CONNECTION_LOST'],
    [1002, 'stop', 'PROTOCOL_ERROR'],
    [1003, 'stop', 'PROTOCOL_ERROR'],
    [1005, 'retry', 'CONNECTION_LOST'],
    [1006, 'retry', 'CONNECTION_LOST'],
    [1007, 'stop', 'PROTOCOL_ERROR'],
    [1008, 'stop', 'FORBIDDEN'],
    [1010, 'stop', 'PROTOCOL_ERROR'],
    [1011, 'retry', 'CONNECTION_LOST'],
    [1012, 'retry', 'SERVER_BUSY'],
    [1013, 'retry', 'SERVER_BUSY'],
    [1014, 'retry', 'CONNECTION_LOST'],
    [1015, 'retry', 'CONNECTION_LOST'],
    [4000, 'retry', 'CONNECTION_LOST'],
    [4401, 'renew', 'UNAUTHORIZED'],
    [4403, 'stop', 'FORBIDDEN'],
    [4408, 'retry', 'HEARTBEAT_MISSED'],
    [4409, 'stop', 'SESSION_TAKEN_OVER'],
    [4429, 'retry', 'SERVER_BUSY'],
    [4999, 'retry', 'CONNECTION_LOST'],
  ])('%i: %s, told as %s', (closeCode, action, code) => {
    expect(reactToClose(closeCode)).toEqual({ action, code });
  });

  // A client that retries at once with the same for ever does not honour its own word that the retry can help.
  it('retries only what can succeed, and stops only what can not', () => {
    for (let code = 0; code < 5_000; code += 1) {
      const reaction = reactToClose(code);
      expect(ERROR_CODES[reaction.code].retryable, `${code}`).toBe(reaction.action === 'retry');
    }
  });

  it('has a rule of its own for each code that Holdfast closes with', () => {
    const plain = Object.values(CLOSE).filter((code) => reactToClose(code).code === 'CONNECTION_LOST');
    expect(plain).toEqual([CLOSE.GOING_AWAY, CLOSE.TOO_LARGE, CLOSE.INTERNAL_ERROR]);
  });
});
