import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { consoleWarnings } from './console-warnings.ts';
import type { EventRecord } from './session/app.ts';

const record = (fields: Partial<EventRecord>): EventRecord => ({ timestamp: 0, level: 'warn', name: 'x', ...fields });

describe('a server without onEvent', () => {
  beforeEach(() => void vi.useFakeTimers());

  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  function start(): { readonly report: (record: EventRecord) => void; readonly lines: string[] } {
    const lines: string[] = [];
    vi.spyOn(console, 'warn').mockImplementation((line: string) => void lines.push(line));
    return { report: consoleWarnings(), lines };
  }

  test('says in one line what was refused, and why', () => {
    const { report, lines } = start();
    report(
      record({ name: 'upgrade.refused', message: 'Pages of this origin may not connect.', details: { status: 403 } }),
    );
    expect(lines).toEqual(['[holdfast] upgrade.refused Pages of this origin may not connect. {"status":403}']);
  });

  test('says where a handler threw, and nothing of its message', () => {
    const { report, lines } = start();
    const cause = new TypeError('cannot take hunter2\n    at hunter2 (hunter2.ts:1:1)');
    report(record({ level: 'error', name: 'handler.failed', message: 'TypeError', cause }));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /^\[holdfast\] handler\.failed TypeError .*onEvent.*\n {4}at .*console-warnings\.test\.ts/,
    );
    expect(lines[0]).not.toContain('hunter2');
  });

  test('says no frames where the message was changed after the throw, or it is no Error', () => {
    const { report, lines } = start();
    const cause = new Error('hunter2\n    at hunter2');
    expect(cause.stack).toContain('hunter2'); // Written at the first look in some engines.
    cause.message = 'another';
    report(record({ name: 'handler.failed', cause }));
    report(record({ name: 'listener.failed', cause: 'hunter2' }));
    expect(lines).toHaveLength(2);
    expect(lines.join('')).not.toMatch(/hunter2|\n/);
  });

  test('is silent about everyday life', () => {
    const { report, lines } = start();
    report(record({ level: 'info', name: 'session.began' }));
    report(record({ level: 'debug', name: 'connection.ended' }));
    report(record({ name: 'limit.reached' }));
    expect(lines).toEqual([]);
  });

  test('says at most one line a second of each name', () => {
    const { report, lines } = start();
    for (let n = 0; n < 100; n += 1) report(record({ name: 'upgrade.refused' }));
    report(record({ name: 'connection.failed' }));
    expect(lines).toEqual(['[holdfast] upgrade.refused', '[holdfast] connection.failed']);
    vi.advanceTimersByTime(1_000);
    report(record({ name: 'upgrade.refused' }));
    expect(lines).toHaveLength(3);
  });
});
