import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { HoldfastError } from '../lib/errors.ts';
import { FakeEnvironment } from '../testing-fakes/fake-environment.fixture.ts';
import { createSocket } from './create-socket.ts';
import { createPool, type Lease, type Pool, type PoolOptions } from './pool.ts';
import { outcomeOf } from './socket.fixture.ts';
import type { Socket, SocketOptions } from './types.ts';

/** A pool of real sockets in a fake world. */
class Scene {
  readonly environment = new FakeEnvironment();
  readonly made: Socket[] = [];
  readonly pool: Pool<string, Socket>;

  constructor(options: Partial<PoolOptions<string, Socket>> = {}, socketOptions: Partial<SocketOptions> = {}) {
    this.pool = createPool<Socket>({
      create: (key) => {
        const url = `ws://server.example/${key}`;
        const socket = createSocket({ url, environment: this.environment, ...socketOptions });
        this.made.push(socket);
        return socket;
      },
      environment: this.environment,
      ...options,
    });
  }

  acquire(key: string, signal?: AbortSignal): Promise<Lease<Socket>> {
    return this.pool.acquire(key, signal === undefined ? {} : { signal });
  }

  advance(ms: number): Promise<void> {
    return this.environment.advance(ms);
  }

  get phases(): string[] {
    return this.made.map((socket) => socket.getState().phase);
  }
}

afterEach(() => vi.unstubAllGlobals());

describe('a lease', () => {
  it('shares the socket of its key', async () => {
    const { pool, made } = new Scene();
    const [one, two, other] = await Promise.all([pool.acquire('a'), pool.acquire('a'), pool.acquire('b')]);
    expect([one.socket === two.socket, other.socket === one.socket, made.length]).toEqual([true, false, 2]);
    expect(pool.stats()).toEqual({ sockets: 2, idle: 0, leases: 3, waiting: 0 });
  });

  it('is released once, however often it is asked', async () => {
    const scene = new Scene();
    const one = await scene.acquire('a');
    await scene.acquire('a');
    const { release } = one;
    release();
    release();
    await scene.advance(60_000);
    expect([scene.phases, scene.pool.stats().leases]).toEqual([['connecting'], 1]);
  });

  it.runIf(Symbol.dispose !== undefined)('ends with its scope', async () => {
    const { pool } = new Scene();
    {
      using lease = await pool.acquire('a');
      expect([lease.socket.getState().phase, pool.stats().leases]).toEqual(['connecting', 1]);
    }
    expect(pool.stats().leases).toBe(0);
  });

  it('has a key of any kind', async () => {
    const room = { id: 7 };
    const { environment } = new Scene();
    const pool = createPool<Socket, { id: number }>({
      create: ({ id }) => createSocket({ url: `ws://server.example/${id}`, environment }),
      environment,
    });
    const [one, same, equal] = await Promise.all([pool.acquire(room), pool.acquire(room), pool.acquire({ id: 7 })]);
    expect([one.socket === same.socket, one.socket === equal.socket]).toEqual([true, false]);
  });
});

describe('a socket that nobody uses', () => {
  it('is closed after its idle time, and replaced', async () => {
    const scene = new Scene({ idleMs: 300 });
    (await scene.acquire('a')).release();
    await scene.advance(299);
    expect([scene.phases, scene.pool.stats()]).toEqual([
      ['connecting'],
      { sockets: 1, idle: 1, leases: 0, waiting: 0 },
    ]);
    await scene.advance(1);
    expect([scene.phases, scene.pool.stats().sockets]).toEqual([['closed'], 0]);
    expect((await scene.acquire('a')).socket).toBe(scene.made[1]);
  });

  it('stays when it is used again, and the idle time begins anew', async () => {
    const scene = new Scene({ idleMs: 300 });
    (await scene.acquire('a')).release();
    await scene.advance(200);
    const lease = await scene.acquire('a');
    await scene.advance(1_000);
    lease.release();
    await scene.advance(299);
    expect(scene.phases).toEqual(['connecting']);
    await scene.advance(1);
    expect(scene.phases).toEqual(['closed']);
  });

  it('waits a second by default, and for ever with Infinity', async () => {
    const [second, ever] = [new Scene(), new Scene({ idleMs: Number.POSITIVE_INFINITY }, { autoConnect: false })];
    for (const scene of [second, ever]) (await scene.acquire('a')).release();
    await second.advance(1_000);
    await ever.advance(2 ** 33);
    expect([second.phases, ever.phases]).toEqual([['closed'], ['idle']]);
  });

  it('delivers what it was given before it goes', async () => {
    const scene = new Scene();
    const lease = await scene.acquire('a');
    const receipt = lease.socket.send('work');
    lease.release();
    await scene.advance(5_000);
    expect([scene.phases[0] === 'closed', receipt.status]).toEqual([false, 'queued']);
    scene.environment.socket.open();
    await scene.advance(100);
    scene.environment.paint();
    await scene.environment.settle();
    expect([scene.phases, receipt.status]).toEqual([['closed'], 'delivered']);
  });

  it('is kept by an acquire while it delivers', async () => {
    const scene = new Scene();
    const first = await scene.acquire('a');
    first.socket.send('work');
    first.release();
    await scene.advance(2_000);
    const second = await scene.acquire('a');
    scene.environment.socket.open();
    await scene.advance(100);
    scene.environment.paint();
    await scene.advance(5_000);
    expect([second.socket === first.socket, scene.made.length, scene.phases]).toEqual([true, 1, ['open']]);
  });

  it('goes with what it can not deliver, and says so', async () => {
    const scene = new Scene();
    const lease = await scene.acquire('a');
    const receipt = lease.socket.send('work');
    lease.socket.pause();
    lease.release();
    await scene.advance(1_000);
    expect([scene.phases, receipt.error?.code]).toEqual([['closed'], 'ABORTED']);
  });
});

describe('a socket that was closed', () => {
  it('is replaced at the next acquire, and old leases end without harm', async () => {
    const scene = new Scene();
    const old = await scene.acquire('a');
    await old.socket.close();
    const fresh = await scene.acquire('a');
    old.release();
    await scene.advance(60_000);
    expect([scene.made.length, fresh.socket.getState().phase === 'closed', scene.pool.stats()]).toEqual([
      2,
      false,
      { sockets: 1, idle: 0, leases: 1, waiting: 0 },
    ]);
  });

  it('is not handed out while it is closing', async () => {
    const scene = new Scene();
    const old = await scene.acquire('a');
    await scene.environment.settle();
    scene.environment.socket.open();
    scene.environment.socket.holdsBack = true;
    await scene.environment.settle();
    old.socket.send('work');
    void old.socket.close({ flushMs: 1_000 });
    expect(old.socket.getState().phase).toBe('closing');
    const fresh = await scene.acquire('a');
    expect([fresh.socket === old.socket, scene.pool.stats().sockets]).toEqual([false, 2]);
    await scene.advance(2_000);
    expect(scene.pool.stats().sockets).toBe(1);
    expect((await scene.acquire('a')).socket).toBe(fresh.socket);
  });

  it('is refused where create gives it, and counts nowhere', async () => {
    const scene = new Scene({ maxSockets: 1 }, { signal: AbortSignal.abort() });
    await expect(scene.acquire('a')).rejects.toMatchObject({ code: 'CLOSED' });
    expect(scene.pool.stats()).toEqual({ sockets: 0, idle: 0, leases: 0, waiting: 0 });
  });
});

describe('a full pool', () => {
  it('serves who waits in order of coming, as sockets go', async () => {
    const scene = new Scene({ maxSockets: 1, idleMs: 60_000 });
    const first = await scene.acquire('a');
    const served: string[] = [];
    const waiting = ['b', 'c', 'b'].map((key) =>
      scene.acquire(key).then((lease) => {
        served.push(key);
        return lease;
      }),
    );
    await scene.environment.settle();
    expect([served, scene.pool.stats().waiting]).toEqual([[], 3]);
    // Nobody waits for the end of the idle time.
    first.release();
    await scene.environment.settle();
    // The third shares the socket that was made for the first.
    expect([served, scene.phases]).toEqual([
      ['b', 'b'],
      ['closed', 'connecting'],
    ]);
    for (const index of [0, 2]) (await waiting[index])?.release();
    await scene.environment.settle();
    expect([served, scene.pool.stats().sockets]).toEqual([['b', 'b', 'c'], 1]);
  });

  it('shares without waiting', async () => {
    const { pool } = new Scene({ maxSockets: 1 });
    await pool.acquire('a');
    void pool.acquire('b').catch(() => {});
    expect((await pool.acquire('a')).socket.getState().phase).toBe('connecting');
  });

  it('makes room at once from an idle socket, not from one with work', async () => {
    const scene = new Scene({ maxSockets: 2, idleMs: 60_000 });
    const [busy, spare] = await Promise.all([scene.acquire('busy'), scene.acquire('spare')]);
    busy.socket.send('work');
    busy.release();
    spare.release();
    await scene.acquire('c');
    expect(scene.phases.map((phase) => phase === 'closed')).toEqual([false, true, false]);
  });

  it('waits for the delivery where every idle socket has work', async () => {
    const scene = new Scene({ maxSockets: 1, idleMs: 60_000 });
    const lease = await scene.acquire('a');
    const receipt = lease.socket.send('work');
    lease.release();
    const late = outcomeOf(scene.acquire('b'));
    await scene.advance(1_000);
    expect(late.state).toBe('pending');
    scene.environment.socket.open();
    await scene.advance(100);
    scene.environment.paint();
    await scene.environment.settle();
    expect([late.state, receipt.status]).toEqual(['resolved', 'delivered']);
  });

  it('counts a socket until it has closed', async () => {
    const scene = new Scene({ maxSockets: 1 });
    const old = await scene.acquire('a');
    await scene.environment.settle();
    scene.environment.socket.open();
    scene.environment.socket.holdsBack = true;
    await scene.environment.settle();
    old.socket.send('work');
    void old.socket.close({ flushMs: 900 });
    const late = outcomeOf(scene.acquire('a'));
    await scene.advance(899);
    expect([late.state, scene.made.length]).toEqual(['pending', 1]);
    await scene.advance(1);
    expect([late.state, scene.made.length]).toEqual(['resolved', 2]);
  });

  it('gives up after acquireTimeoutMs, and only for who waited', async () => {
    const scene = new Scene({ maxSockets: 1, acquireTimeoutMs: 500 });
    const lease = await scene.acquire('a');
    const late = scene.acquire('b');
    const outcome = outcomeOf(late);
    await scene.advance(499);
    expect(outcome.state).toBe('pending');
    await scene.advance(1);
    await expect(late).rejects.toMatchObject({
      code: 'ACQUIRE_TIMEOUT',
      retryable: true,
      timestamp: scene.environment.wallClock(),
    });
    lease.release();
    await scene.advance(10_000);
    expect([scene.made.length, scene.pool.stats().waiting]).toEqual([1, 0]);
  });

  it('waits 10 s by default', async () => {
    const scene = new Scene({ maxSockets: 1 });
    await scene.acquire('a');
    const late = outcomeOf(scene.acquire('b'));
    await scene.advance(9_999);
    expect(late.state).toBe('pending');
    await scene.advance(1);
    expect(late.code).toBe('ACQUIRE_TIMEOUT');
  });

  it('lets go of who is aborted, with the reason of the signal', async () => {
    const scene = new Scene({ maxSockets: 1 }, { autoConnect: false });
    const lease = await scene.acquire('a');
    const controller = new AbortController();
    const late = scene.acquire('b', controller.signal);
    controller.abort('gone');
    await expect(late).rejects.toBe('gone');
    await expect(scene.acquire('a', controller.signal)).rejects.toBe('gone');
    lease.release();
    expect([scene.pool.stats().waiting, scene.made.length]).toEqual([0, 1]);
    // Only the idle socket's timer is left: who gave up waits no more.
    expect(scene.environment.timers).toBe(1);
  });
});

describe('a create that throws', () => {
  it('rejects the one who asked, and the next is served', async () => {
    const fault = new Error('mine');
    const { environment } = new Scene();
    const create = vi.fn<(key: string) => Socket>((key) => {
      if (key === 'bad') throw fault;
      return createSocket({ url: 'ws://server.example', environment });
    });
    const pool = createPool<Socket>({ create, maxSockets: 1, environment });
    await expect(pool.acquire('bad')).rejects.toBe(fault);
    const lease = await pool.acquire('good');
    const [bad, next] = [pool.acquire('bad'), pool.acquire('next')];
    lease.release();
    expect(await Promise.allSettled([bad, next])).toMatchObject([{ reason: fault }, { status: 'fulfilled' }]);
    expect(create.mock.calls.map(([key]) => key)).toEqual(['bad', 'good', 'bad', 'next']);
  });
});

describe('close', () => {
  it('closes every socket, leased or not, refuses who waits and who comes, and leaves nothing', async () => {
    const scene = new Scene({ maxSockets: 2 });
    const leased = await scene.acquire('a');
    (await scene.acquire('b')).release();
    const lateEnd = outcomeOf(scene.acquire('c'));
    await scene.pool.close();
    await scene.environment.settle();
    expect([scene.phases, lateEnd.code]).toEqual([['closed', 'closed'], 'CLOSED']);
    await expect(scene.acquire('a')).rejects.toMatchObject({ code: 'CLOSED' });
    leased.release();
    await scene.pool.close();
    expect([scene.pool.stats(), scene.environment.timers]).toEqual([{ sockets: 0, idle: 0, leases: 0, waiting: 0 }, 0]);
  });

  it('takes the options of a socket', async () => {
    const scene = new Scene();
    const { socket } = await scene.acquire('a');
    await scene.environment.settle();
    scene.environment.socket.open();
    await scene.environment.settle();
    const receipt = socket.send('work');
    const closing = scene.pool.close({ flushMs: 1_000 });
    await scene.advance(1_000);
    await closing;
    expect(receipt.status).toBe('delivered');
  });

  it.runIf(Symbol.asyncDispose !== undefined)('comes with the end of the scope', async () => {
    const scene = new Scene();
    {
      await using pool = scene.pool;
      await pool.acquire('a');
    }
    expect(scene.phases).toEqual(['closed']);
  });
});

describe('leases', () => {
  it('are listed from the oldest, without a stack unless asked for', async () => {
    const scene = new Scene();
    const first = await scene.acquire('a');
    const since = scene.environment.wallClock();
    await scene.advance(50);
    await scene.acquire('b');
    expect(scene.pool.leases()).toEqual([
      { key: 'a', since, origin: null },
      { key: 'b', since: since + 50, origin: null },
    ]);
    first.release();
    expect(scene.pool.leases().map(({ key }) => key)).toEqual(['b']);
  });

  it('name where they were taken, one that had to wait, too', async () => {
    const { pool } = new Scene({ detectLeaks: true, maxSockets: 1 });
    const lease = await (function takenByThis() {
      return pool.acquire('a');
    })();
    const late = (function waitedForByThis() {
      return pool.acquire('b');
    })();
    expect(pool.leases()[0]?.origin?.stack).toContain('takenByThis');
    lease.release();
    await late;
    expect(pool.leases()[0]?.origin?.stack).toContain('waitedForByThis');
  });

  /** Everything that nothing refers to is found out, and the registries are told. */
  const collect = async (isDone: () => boolean): Promise<void> => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    for (let round = 0; round < 20 && !isDone(); round += 1) {
      gc();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  it('that were thrown away unreleased are reported with the place, and those that were not are not', async () => {
    const leaks: HoldfastError[] = [];
    const { pool } = new Scene({ detectLeaks: (leak) => leaks.push(leak) });
    await (async function forgetful() {
      await pool.acquire('lost');
    })();
    await (async () => (await pool.acquire('released')).release())();
    const kept = await pool.acquire('kept');
    // Whoever can still release has not leaked.
    const { release } = await pool.acquire('taken apart');
    await collect(() => leaks.length > 0);
    // Were more to come, they would by now.
    let rounds = 0;
    await collect(() => (rounds += 1) > 3);
    expect(leaks).toMatchObject([{ code: 'LEASE_LEAKED', message: expect.stringContaining('lost') as string }]);
    expect((leaks[0] as { cause: Error }).cause.stack).toContain('forgetful');
    // It is told, and nothing else: what happens in production happens in development.
    expect(pool.leases().map(({ key }) => key)).toEqual(['lost', 'kept', 'taken apart']);
    kept.release();
    release();
  });

  it('are reported to the page itself with true', async () => {
    const reported: unknown[] = [];
    vi.stubGlobal('reportError', (error: unknown) => reported.push(error));
    const { pool } = new Scene({ detectLeaks: true });
    await (async () => void (await pool.acquire('lost')))();
    await collect(() => reported.length > 0);
    expect(reported).toMatchObject([{ code: 'LEASE_LEAKED' }]);
    await pool.close();
  });
});

it.each([
  [{ create: 'no' as never }, /create/],
  [{ maxSockets: 0 }, /maxSockets/],
  [{ idleMs: -1 }, /idleMs/],
  [{ acquireTimeoutMs: Number.NaN }, /acquireTimeoutMs/],
])('refuses %j', (options, message) => {
  expect(() => createPool<Socket>({ create: () => createSocket({ url: 'ws://a' }), ...options })).toThrow(message);
});
