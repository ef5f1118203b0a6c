import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { open } from 'lmdb';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { World } from '../session/engine.fixture.ts';
import { lmdbStore } from './lmdb-store.ts';
import { runProducerStoreTests } from './producer-store-conformance.fixture.ts';

const folders: string[] = [];

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-lmdb-'));
  folders.push(path);
  return path;
}

afterEach(() => {
  vi.restoreAllMocks();
  for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true });
});

runProducerStoreTests('lmdbStore', () => {
  let time = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => time);
  const store = lmdbStore({ path: folder() });
  return { store, passTime: (ms) => (time += ms), end: () => store.close() };
});

describe('lmdbStore', () => {
  test('a new process finds what the last one wrote; time while it was off does not count', async () => {
    const path = folder();
    let time = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => time);
    const first = lmdbStore({ path });
    const { fence } = await first.claim('p', 'me');
    await first.advance('p', fence, 7, []);
    await first.release('p', fence);
    time = 5;
    await first.close();
    time = 1_000_000;
    const second = lmdbStore({ path });
    expect(await second.expired(6)).toEqual([]);
    time += 1;
    expect(await second.expired(6)).toEqual(['p']);
    expect(await second.claim('p', 'me')).toMatchObject({ taken: 7, isDirty: false, fence: 2 });
    await second.close();
  });

  test("lives in the app's own database, which stays open", async () => {
    const database = open({ path: folder(), maxDbs: 8 });
    const app = database.openDB({ name: 'app' });
    const store = lmdbStore({ database });
    await store.claim('p', 'me');
    await store.close();
    await app.put('still', 'open');
    expect(app.get('still')).toBe('open');
    await database.close();
  });

  test('takes a path or a database', () => {
    expect(() => lmdbStore({} as never)).toThrow(/one of the two/);
  });

  test('message and position are one: a handler whose transaction fails leaves neither', async () => {
    const store = lmdbStore({ path: folder() });
    const ledger = store.database.openDB<number, string>({ name: 'ledger' });
    let isBroken = true;
    const world = new World({
      store,
      positions: store.positions,
      limits: { handlerRetries: 1 },
      onMessage: (message) =>
        store.database.childTransaction(() => {
          void ledger.put('sum', (ledger.get('sum') ?? 0) + 1);
          message.commit(undefined);
          if (isBroken) throw new Error('after everything was written');
        }),
    });
    const connection = world.connect();
    connection.hello({ producers: [['p', 1, 1, 0]] });
    await vi.waitFor(async () => {
      await world.settle();
      expect(connection.welcome.taken).toEqual([null]);
    });
    connection.m(0, 1);
    // Real disk, virtual time: the handler's failure comes by itself, the retry by the clock.
    await vi.waitFor(() => expect(world.names).toContain('handler.failed'));
    expect(ledger.get('sum')).toBeUndefined();
    expect(store.positions.load('["anonymous","client","p"]')).toBeNull();
    isBroken = false;
    await vi.waitFor(async () => {
      await world.advance(100);
      expect(connection.acknowledged()).toBe(1);
    });
    expect(ledger.get('sum')).toBe(1);
    expect(store.positions.load('["anonymous","client","p"]')).toBe(1);
    expect(() => store.positions.commit(undefined, 'p', 1)).toThrow(/inside database\.childTransaction/);
    await store.close();
  });
});

describe('a process killed in the middle', () => {
  /** Starts the victim and kills it once it has said `count` numbers; gives the last one. */
  async function kill(mode: 'store' | 'positions' | 'users', path: string, count: number): Promise<number> {
    const script = fileURLToPath(new URL('./lmdb-victim.fixture.mjs', import.meta.url));
    const child = spawn(process.execPath, [script, mode, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    let text = '';
    for await (const chunk of child.stdout) {
      text += String(chunk);
      if (text.split('\n').length > count) child.kill('SIGKILL');
    }
    expect(await exited).toEqual([null, 'SIGKILL']);
    const said = text.slice(0, text.lastIndexOf('\n')).split('\n');
    expect(said.length).toBeGreaterThanOrEqual(count);
    return Number(said.at(-1));
  }

  test(
    'has every position that it said was written, and is known not to have released',
    { timeout: 60_000 },
    async () => {
      const path = folder();
      const said = await kill('store', path, 50);
      const store = lmdbStore({ path });
      const claimed = await store.claim('p', 'me');
      expect(claimed.taken).toBeGreaterThanOrEqual(said);
      expect(claimed).toMatchObject({ isDirty: true, fence: 2 });
      await store.close();
    },
  );

  test('has every message to a user that it said was written, in order', { timeout: 60_000 }, async () => {
    const path = folder();
    const said = await kill('users', path, 50);
    const store = lmdbStore({ path });
    const waiting = await store.userQueues.load('me');
    expect(waiting.length).toBeGreaterThanOrEqual(said);
    expect(waiting.map(({ payload }) => payload)).toEqual(waiting.map((_, index) => `${index + 1}`));
    await store.close();
  });

  test('has exactly the data of the messages that its position covers', { timeout: 60_000 }, async () => {
    const path = folder();
    const said = await kill('positions', path, 50);
    const store = lmdbStore({ path });
    const position = store.positions.load('p');
    expect(position).toBeGreaterThanOrEqual(said);
    expect(store.database.openDB({ name: 'ledger' }).get('sum')).toBe(position);
    await store.close();
  });
});
