import { expect, vi } from 'vitest';
import type { StartOptions } from './page/harness.ts';
import type { Moment } from './page/moments.ts';
import { openPage, type RemotePage } from './remote-page.ts';
import type { TestServer } from './test-server.ts';

/** Long enough for a loaded machine: a condition that comes true ends the wait at once. */
export const PATIENCE_MS = 60_000;

/** Waits until something holds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  await vi.waitUntil(condition, { timeout: PATIENCE_MS, interval: 20 });
}

export async function untilPhase(page: RemotePage, phase: string): Promise<void> {
  await until(async () => (await page.call('phase')) === phase);
}

/** Waits until the page has noted something, at or after `since`. Gives when it was. */
export async function moment(page: RemotePage, type: string, { detail, since = 0 }: Sought = {}): Promise<number> {
  let found: Moment | undefined;
  await until(async () => {
    const moments = await page.call('moments');
    found = moments.find(
      (noted) => noted.type === type && noted.at >= since && (detail === undefined || noted.detail === detail),
    );
    return found !== undefined;
  });
  return (found as Moment).at;
}

export interface Sought {
  readonly detail?: string;
  readonly since?: number;
}

/** Opens the server's page and has a conversation under way there: the messages 1 to 10 are answered. Gives its run. */
export async function converse(
  page: RemotePage,
  server: TestServer,
  given: Omit<StartOptions, 'run'>,
): Promise<string> {
  const run = server.newRun();
  await openPage(page, server.url);
  await page.call('start', { run, ...given });
  await page.call('send', 1, 10);
  await until(async () => (await page.call('replies')).length === 10);
  return run;
}

/**
 * Proves that the numbers 1 to `last`, which the page has sent, arrive once and in order, and no reply to them twice.
 * Sends one more: a double would come before it.
 */
export async function expectOnce(page: RemotePage, server: TestServer, run: string, last: number): Promise<void> {
  await page.call('send', last + 1, last + 1);
  await until(() => server.received(run).at(-1) === last + 1);
  expect(server.received(run)).toEqual(numbers(1, last + 1));
  await until(async () => (await page.call('replies')).at(-1) === last + 1);
  const replies = await page.call('replies');
  expect(replies).toEqual([...new Set(replies)]);
}

export function numbers(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
