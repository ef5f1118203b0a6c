import { describe, expect, test } from 'vitest';
import { World } from './engine.fixture.ts';
import { Turns, type Turned } from './turns.ts';

/** Somebody with so many runs to do, each of which ends when the test says so. */
class Worker implements Turned {
  left: number;
  readonly identity: string;
  readonly #log: string[];
  readonly #turns: Turns;
  readonly #name: string;

  constructor(turns: Turns, log: string[], name: string, left: number) {
    this.#turns = turns;
    this.#log = log;
    this.#name = name;
    this.left = left;
    this.identity = name[0] as string;
  }

  begin(): void {
    if (this.left > 0 && this.#turns.ask(this)) this.turn();
  }

  turn(): void {
    if (this.left === 0) {
      this.#turns.done(this);
      return;
    }
    this.left -= 1;
    this.#log.push(this.#name);
  }

  end(): void {
    this.#turns.done(this);
    this.begin();
  }
}

describe('turns', () => {
  test('go round: who has many runs to do gets one at a time', () => {
    const log: string[] = [];
    const turns = new Turns({ total: 1, perIdentity: 1 }, false);
    const [a, b, c] = [new Worker(turns, log, 'a', 3), new Worker(turns, log, 'b', 1), new Worker(turns, log, 'c', 2)];
    for (const worker of [a, b, c]) worker.begin();
    for (const worker of [a, b, c, a, c, a]) worker.end();
    expect(log).toEqual(['a', 'b', 'c', 'a', 'c', 'a']);
  });

  test('an identity with many runs leaves places to the others', () => {
    const log: string[] = [];
    const turns = new Turns({ total: 3, perIdentity: 2 }, true);
    const crowd = ['a1', 'a2', 'a3', 'a4'].map((name) => new Worker(turns, log, name, 1));
    const others = ['b1', 'b2'].map((name) => new Worker(turns, log, name, 1));
    for (const worker of [...crowd, ...others]) worker.begin();
    expect(log).toEqual(['a1', 'a2', 'b1']);
    // The place of `a` in the common line is behind that of `b`, who asked for it earlier.
    crowd[0]?.end();
    expect(log.slice(3)).toEqual(['b2']);
    crowd[1]?.end();
    expect(log.slice(4)).toEqual(['a3']);
    others[0]?.end();
    expect(log.slice(5)).toEqual(['a4']);
  });

  test('any number may give their turn back at once', () => {
    const log: string[] = [];
    const turns = new Turns({ total: 1, perIdentity: 1 }, false);
    const first = new Worker(turns, log, 'f', 1);
    first.begin();
    const gone = Array.from({ length: 50_000 }, () => new Worker(turns, log, 'g', 1));
    const last = new Worker(turns, log, 'l', 1);
    for (const worker of [...gone, last]) worker.begin();
    for (const worker of gone) worker.left = 0;
    first.end();
    expect(log).toEqual(['f', 'l']);
  });
});

describe('limits.concurrentHandlers', () => {
  test('slow and fast handlers: so many run, no producer twice, each in order, none waits for another’s backlog', async () => {
    const running = new Map<string, number>();
    const started: string[] = [];
    let most = 0;
    const world = new World({
      limits: { concurrentHandlers: { total: 2, perIdentity: 2 } },
      onMessage: ({ id, producer, seq }) => {
        if (running.has(producer)) throw new Error(`${id} runs beside ${running.get(producer)}`);
        running.set(producer, seq);
        most = Math.max(most, running.size);
        started.push(id);
        return new Promise((resolve) => {
          // Every fourth producer is slow.
          world.environment.setTimer(id.startsWith('p3') ? 100 : 1, () => {
            running.delete(producer);
            resolve();
          });
        });
      },
    });
    const names = ['p0', 'p1', 'p2', 'p3'];
    const connection = await world.join({ producers: names.map((name) => [name, 1, 1, 0] as const) });
    for (const index of names.keys()) for (let seq = 1; seq <= 10; seq += 1) connection.m(index, seq);
    await world.advance(40);
    // The slow one holds one of two places; the fast ones share the other.
    expect(started.slice(0, 9)).toEqual(['p0:1', 'p1:1', 'p2:1', 'p3:1', 'p0:2', 'p1:2', 'p2:2', 'p0:3', 'p1:3']);
    expect([0, 1, 2].map((index) => connection.acknowledged(index))).toEqual([10, 10, 10]);
    await world.advance(1_000);
    expect(connection.acknowledged(3)).toBe(10);
    expect(most).toBe(2);
    for (const name of names) {
      const seqs = started.filter((id) => id.startsWith(name));
      expect(seqs).toEqual(Array.from({ length: 10 }, (_, index) => `${name}:${index + 1}`));
    }
  });

  test('where everybody is one identity, only the total counts', async () => {
    const world = new World({ limits: { concurrentHandlers: { total: 3, perIdentity: 1 } } });
    world.holds = true;
    const connection = await world.join({ producers: ['p', 'q', 'r', 's'].map((id) => [id, 1, 1, 0] as const) });
    for (const index of [0, 1, 2, 3]) connection.m(index, 1);
    await world.settle();
    expect(world.runs.map(({ id }) => id)).toEqual(['p:1', 'q:1', 'r:1']);
  });

  test('what waits for its turn has not started: a takeover discards it, and the turn goes to the next', async () => {
    const world = new World({
      limits: { concurrentHandlers: { total: 1, perIdentity: 1 } },
      authenticate: ({ client }) => client,
    });
    world.holds = true;
    const busy = await world.join({ client: 'busy', producers: [['p', 1, 1, 0]] });
    busy.m(0, 1);
    const first = await world.join({ client: 'other', producers: [['q', 1, 1, 0]] });
    first.m(0, 1);
    const second = await world.join({ client: 'other', n: 2, producers: [['q', 1, 2, 1]], ...first.resumption() });
    expect(second.welcome.taken).toEqual([null]);
    const third = await world.join({ client: 'third', producers: [['r', 1, 1, 0]] });
    third.m(0, 1);
    await world.settle();
    world.held[0]?.succeed();
    await world.settle();
    expect(world.runs.map(({ id }) => id)).toEqual(['p:1', 'r:1']);
    second.m(0, 1);
    await world.settle();
    world.held[1]?.succeed();
    await world.settle();
    expect(world.runs.map(({ id }) => id)).toEqual(['p:1', 'r:1', 'q:1']);
  });

  test('a server that closes starts nothing of what waits', async () => {
    const world = new World({ limits: { concurrentHandlers: { total: 1, perIdentity: 1 } } });
    world.holds = true;
    const connection = await world.join({ producers: ['p', 'q'].map((id) => [id, 1, 1, 0] as const) });
    connection.m(0, 1);
    connection.m(1, 1);
    const closed = world.engine.close(1_000);
    await world.settle();
    world.held[0]?.succeed();
    await world.settle();
    connection.drop();
    await world.advance(20_000);
    await closed;
    expect(world.runs.map(({ id }) => id)).toEqual(['p:1']);
    expect(world.timers).toBe(0);
  });
});
