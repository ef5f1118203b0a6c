// @vitest-environment node
import { expect, test } from 'vitest';
import type { StateRecord } from '../record/records.ts';
import { describeChange, describeState } from './describe-state.ts';

const state = (some: Partial<StateRecord>): StateRecord => ({
  at: 0,
  phase: 'open',
  reason: 'connected',
  attempt: 0,
  retryAt: null,
  code: null,
  ...some,
});
const now = (some: Partial<StateRecord>): string => describeState(state(some), 10_000);

test('what the connection does, and what comes next', () => {
  expect(describeState(null, 0)).toMatch(/^Nothing is known/);
  expect(now({})).toBe('Messages flow.');
  expect(now({ phase: 'waiting', reason: 'lost', code: 'CONNECTION_LOST', retryAt: 13_500 })).toBe(
    'The connection is lost (CONNECTION_LOST). Next try in 3 s.',
  );
  expect(now({ phase: 'waiting', reason: 'lost', code: 'CONNECT_FAILED', retryAt: 10_400, attempt: 9 })).toBe(
    'No connection could be made (CONNECT_FAILED). Next try at once; 9 tries failed so far.',
  );
  expect(now({ phase: 'waiting', reason: 'offline', retryAt: null })).toContain('there is no network. Next try when');
  expect(now({ phase: 'connecting', reason: 'retry', attempt: 1 })).toContain('1 try failed so far');
  expect(now({ phase: 'paused', reason: 'user' })).toContain('by the app');
  expect(now({ phase: 'paused', reason: 'hidden' })).toContain('hidden');
  expect(now({ phase: 'suspended', reason: 'exhausted', attempt: 5, retryAt: 40_000 })).toBe(
    'Gave up, 5 tries failed: connect() tries again, or it does by itself in 30 s.',
  );
  expect(now({ phase: 'suspended', reason: 'refused', code: 'UNAUTHORIZED' })).toContain('(UNAUTHORIZED)');
  for (const phase of ['idle', 'closing', 'closed'] as const) expect(now({ phase })).toMatch(/\.$/);
});

test('an open connection is not said to fail, though its failed tries count until it is stable', () => {
  expect(describeChange(state({ attempt: 10 }))).toBe('connected');
  expect(now({ attempt: 10 })).not.toMatch(/fail/);
  expect(describeChange(state({ phase: 'waiting', reason: 'lost', code: 'CONNECTION_LOST', attempt: 10 }))).toBe(
    'lost · CONNECTION_LOST · 10 tries failed',
  );
});
