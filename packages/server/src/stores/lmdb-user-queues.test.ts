import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { lmdbStore } from './lmdb-store.ts';
import { runUserQueueTests } from './user-queue-conformance.fixture.ts';

const folders: string[] = [];

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-users-'));
  folders.push(path);
  return path;
}

afterEach(() => {
  vi.restoreAllMocks();
  for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true });
});

runUserQueueTests('the user queues of lmdbStore', () => {
  let time = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => time);
  // Whole numbers, so that times can be compared exactly.
  vi.spyOn(Date, 'now').mockImplementation(() => 1_000 + time);
  const store = lmdbStore({ path: folder() });
  return { store: store.userQueues, passTime: (ms) => (time += ms), end: () => store.close() };
});

test('a new process finds what waits, what is known, and how old it is by the wall clock', async () => {
  const path = folder();
  const bounds = { messages: 5, bytes: 1_000, totalBytes: 2_000 };
  let wall = 5_000;
  vi.spyOn(Date, 'now').mockImplementation(() => wall);
  vi.spyOn(performance, 'now').mockImplementation(() => 0);
  const first = lmdbStore({ path });
  const { userQueues } = first;
  const delivered = await userQueues.append('a', { payload: 'one', ttlMs: 1_000, id: 'x' }, bounds);
  if (delivered.type !== 'added') throw new Error('not added');
  await userQueues.settle('a', delivered.seq);
  await userQueues.append('a', { payload: 'two', ttlMs: 1_000 }, bounds);
  await userQueues.append('b', { payload: 'three', ttlMs: 100 }, bounds);
  await first.close();
  wall += 400;
  const second = lmdbStore({ path });
  expect(await second.userQueues.load('a')).toMatchObject([{ payload: 'two', leftMs: 600 }]);
  expect((await second.userQueues.append('a', { payload: 'again', ttlMs: 1, id: 'x' }, bounds)).type).toBe('duplicate');
  expect(await second.userQueues.sweep()).toMatchObject([{ user: 'b' }]);
  await second.close();
  // A clock that was put back makes nothing younger than the last sweep knew it.
  wall = 0;
  const third = lmdbStore({ path });
  expect(await third.userQueues.load('a')).toMatchObject([{ leftMs: 600 }]);
  await third.close();
  await expect(third.userQueues.load('a')).rejects.toThrow(/closed/);
});
