import { describe, expect, it, vi } from 'vitest';
import { storedOutbox } from '../runtime/stored-outbox.ts';
import type { OutboxBounds } from '../storage/limits.ts';
import { FakeEnvironment } from '../testing-fakes/fake-environment.fixture.ts';
import { FakeLocks } from '../testing-fakes/fake-locks.fixture.ts';
import { MemoryPlace, memoryStorage } from '../testing-fakes/memory-store.fixture.ts';
import { Dice } from '../testing-fakes/random.fixture.ts';
import { memory } from './options.ts';
import { plain } from './protocols.ts';
import { outcomeOf, World } from './socket.fixture.ts';
import type { Receipt } from './types.ts';

function aWorld(bounds: OutboxBounds): World {
  return new World({ outbox: memory(bounds) });
}

function send(world: World, ...data: (string | Uint8Array)[]): (string | undefined)[] {
  // At once: what is sent later may drop it.
  return data.map((each) => world.socket.send(each).error?.code);
}

/** Ids of the messages that drop events told of, and why. */
function drops(world: World): string[] {
  return (world.events('drop') as { id: string; error: { code: string } }[]).map(
    ({ id, error }) => `${id.split(':').slice(1).join(':')} ${error.code}`,
  );
}

function waiting(world: World): string[] {
  return world.socket.outbox.list().map(({ id }) => id.split(':')[1] ?? '');
}

describe('a drop', () => {
  it('tells what the message carried, as it was sent', async () => {
    const world = await aWorld({ maxMessages: 3 }).welcome();
    world.socket.pause();
    const blob = new Blob(['never read']);
    vi.spyOn(blob, 'arrayBuffer').mockRejectedValue(new Error('gone'));
    const bytes = new Uint8Array([1, 2]);
    for (const data of [{ text: 'hello' }, bytes, '', blob, 'one too many']) world.socket.send(data);
    await world.settle();
    await world.socket.outbox.clear();
    expect((world.events('drop') as { data: unknown }[]).map(({ data }) => data)).toEqual(
      expect.arrayContaining([{ text: 'hello' }, bytes, '', undefined, 'one too many']),
    );
    const raw = new World({ protocol: plain({ codec: 'raw' }), autoConnect: false });
    raw.socket.send('{');
    raw.socket.send('');
    raw.socket.send(blob);
    await raw.settle();
    await raw.socket.outbox.clear();
    expect((raw.events('drop') as { data: unknown }[]).map(({ data }) => data)).toEqual([undefined, '{', '']);
  });

  it('tells what the message was sent with, refused at once or later', async () => {
    const world = await aWorld({ maxMessages: 1 }).welcome();
    world.socket.pause();
    const [first, second] = [{ lane: 'urgent', ttlMs: 50 }, { durability: 'strict' }] as const;
    world.socket.send(1, first);
    world.socket.send(2);
    world.socket.send(3, second);
    await world.environment.advance(50);
    const options = (world.events('drop') as { options: unknown }[]).map((drop) => drop.options);
    expect(options).toEqual([second, first]);
    world.socket.send(4);
    expect(world.events('drop').at(-1)).toMatchObject({ error: { code: 'QUEUE_FULL' }, options: {} });
  });

  it('tells it of a message that a page before left behind, too', async () => {
    const place = new MemoryPlace();
    place.leave('gone', [1]);
    const outbox = storedOutbox(memoryStorage(place));
    const world = await new World({ outbox }, { locks: new FakeLocks() }).welcome();
    const producer = world.hello.producers.findIndex(([id]) => id === 'gone');
    world.wire.receive(['r', producer, 1, { code: 'NO', message: '' }]);
    await world.settle();
    expect(world.events('drop')).toMatchObject([{ id: 'gone:1', data: 'gone:1', options: {} }]);
  });
});

describe('the bounds of an outbox', () => {
  it('count bytes, of text in UTF-8, and what is in flight', async () => {
    const world = await aWorld({ maxBytes: 20 }).welcome();
    expect(send(world, 'ü', new Uint8Array(12), 'aa', 'a')).toEqual([undefined, undefined, undefined, 'QUEUE_FULL']);
    await world.settle();
    expect(send(world, 'a')).toEqual(['QUEUE_FULL']);
    world.wire.receive(['a', 0, 1]);
    expect(send(world, 'a', 'a')).toEqual([undefined, 'QUEUE_FULL']);
    expect(drops(world)).toEqual(['refused:1 QUEUE_FULL', 'refused:2 QUEUE_FULL', 'refused:3 QUEUE_FULL']);
  });

  it('turn down at once what no server takes by default, and what never had room', () => {
    const world = new World();
    const [most, more] = [new Uint8Array(262_144), new Uint8Array(262_145)];
    expect(send(world, most, more)).toEqual([undefined, 'MESSAGE_TOO_LARGE']);
    expect(send(aWorld({ maxMessageBytes: 300_000 }), more)).toEqual([undefined]);
    expect(send(aWorld({ maxMessageBytes: 10 }), most)).toEqual(['MESSAGE_TOO_LARGE']);
    // With a policy that drops, too: nothing else has to go for it.
    const small = aWorld({ maxBytes: 100, overflow: 'drop-oldest' });
    expect(send(small, 'a', most, 'b')).toEqual([undefined, 'MESSAGE_TOO_LARGE', undefined]);
    const unlimited = new World({ protocol: plain({ codec: 'raw' }) });
    expect(send(unlimited, more)).toEqual([undefined]);
    const own = new World({ protocol: plain({ codec: 'raw' }), outbox: memory({ maxMessageBytes: 10 }) });
    expect(send(own, more)).toEqual(['MESSAGE_TOO_LARGE']);
  });

  it('take the lower limit of the two ends', async () => {
    const limits = { messageBytes: 1_000, producers: 4, producerTtlMs: 1_000 };
    const world = await aWorld({ maxMessageBytes: 2_000 }).welcome({ limits });
    expect(send(world, new Uint8Array(1_000), new Uint8Array(1_001))).toEqual([undefined, 'MESSAGE_TOO_LARGE']);
    const lower = await aWorld({ maxMessageBytes: 500 }).welcome({ limits });
    expect(send(lower, new Uint8Array(501))).toEqual(['MESSAGE_TOO_LARGE']);
  });

  it('end what has waited for longer than its age, or than a shorter time of its own', async () => {
    const world = aWorld({ maxAgeMs: 1_000 });
    const receipts = [
      world.socket.send('a'),
      world.socket.send('b', { ttlMs: 100 }),
      world.socket.send('c', { ttlMs: 9_000 }),
    ];
    const codes = (): unknown[] => receipts.map(({ error }) => error?.code);
    await world.environment.advance(999);
    expect(codes()).toEqual([undefined, 'EXPIRED', undefined]);
    await world.environment.advance(1);
    expect(codes()).toEqual(['EXPIRED', 'EXPIRED', 'EXPIRED']);
  });

  it('hold an age that is longer than a timer can wait', async () => {
    const world = new World({ outbox: memory({ maxAgeMs: 5_000_000_000 }), autoConnect: false });
    const receipt = world.socket.send('a');
    await world.environment.advance(0);
    expect(world.environment.nextTimerMs).toBe(2_147_483_647);
    await world.environment.advance(4_999_999_999);
    expect(receipt.status).toBe('queued');
    await world.environment.advance(1);
    expect(receipt.error?.code).toBe('EXPIRED');
  });
});

describe('an outbox that is full', () => {
  it('drop-oldest: what waits longest gives way, each with an event and its receipt', async () => {
    const world = aWorld({ maxMessages: 2, overflow: 'drop-oldest' });
    const first = world.socket.send('1');
    expect(send(world, '2', '3', '4')).toEqual([undefined, undefined, undefined]);
    expect([drops(world), waiting(world)]).toEqual([
      ['1 QUEUE_FULL', '2 QUEUE_FULL'],
      ['3', '4'],
    ]);
    await expect(first.delivered).rejects.toMatchObject({ code: 'QUEUE_FULL', retryable: true });
    await world.welcome();
    expect(world.sent).toEqual(['3', '4']);
  });

  it('drop-newest: what came last gives way', async () => {
    const world = aWorld({ maxMessages: 2, overflow: 'drop-newest' });
    send(world, '1', '2', '3', '4');
    expect([drops(world), waiting(world)]).toEqual([
      ['2 QUEUE_FULL', '3 QUEUE_FULL'],
      ['1', '4'],
    ]);
  });

  it('never drops what may have been sent: the new one is refused then', async () => {
    const world = await aWorld({ maxMessages: 2, overflow: 'drop-oldest' }).welcome();
    send(world, '1', '2');
    await world.settle();
    expect(send(world, '3')).toEqual(['QUEUE_FULL']);
    world.wire.closeBy(1006);
    await world.settle();
    expect([send(world, '4'), waiting(world)]).toEqual([['QUEUE_FULL'], ['1', '2']]);
    await world.environment.advance(400);
    await world.welcome({ taken: [[1, []]], window: { messages: 1, bytes: 100 } });
    expect(send(world, '5')).toEqual([undefined]);
  });

  it('drops as many as the new one needs, or none', () => {
    const world = aWorld({ maxBytes: 30, overflow: 'drop-oldest' });
    expect(send(world, 'a'.repeat(8), 'b'.repeat(8), 'c'.repeat(8), 'd'.repeat(13))).toEqual(Array.from({ length: 4 }));
    expect(drops(world)).toEqual(['1 QUEUE_FULL', '2 QUEUE_FULL']);
  });

  it('bounds its memory, though what is in doubt stands before all that is dropped', async () => {
    const world = await aWorld({ maxMessages: 10, overflow: 'drop-oldest' }).welcome();
    send(world, 'in doubt');
    await world.settle();
    world.wire.closeBy(1006);
    for (let count = 0; count < 10_000; count += 1) world.socket.send(count);
    expect([waiting(world).length, drops(world).length]).toEqual([10, 10_000 - 9]);
    await world.environment.advance(400);
    await world.welcome({ taken: [[0, []]] });
    expect(world.sent).toEqual(['in doubt', ...Array.from({ length: 9 }, (_, index) => 9_991 + index)]);
  });

  it.each([1, 2, 3, 4, 5, 6])('delivered and dropped is all that was sent, in order (seed %i)', async (seed) => {
    const dice = new Dice(seed);
    const overflow = dice.pick(['drop-oldest', 'drop-newest', 'reject'] as const);
    const world = aWorld({ maxMessages: 1 + dice.below(8), maxBytes: 20 + dice.below(100), overflow });
    const receipts: Receipt[] = [];
    let seen = 0;
    for (let round = 0; round < 40; round += 1) {
      for (let count = dice.below(12); count > 0; count -= 1) {
        const label: number = receipts.length;
        const text = JSON.stringify(label).padEnd(1 + dice.below(20));
        receipts.push(world.socket.send(dice.chance(0.5) ? label : new TextEncoder().encode(text)));
      }
      if (world.socket.getState().phase !== 'open') {
        if (dice.chance(0.5)) {
          await world.environment.advance(20_000);
          await world.welcome({ taken: [[seen, []]], window: { messages: 3, bytes: 50 } });
        }
      } else if (dice.chance(0.2)) world.wire.closeBy(1006);
      else {
        await world.settle();
        const newest = Math.max(
          seen,
          ...receipts.filter(({ status }) => status === 'inFlight').map(({ id }) => Number(id.split(':')[1])),
        );
        seen = newest;
        world.wire.receive(['a', 0, newest]);
        await world.settle();
      }
    }
    const delivered = receipts.filter(({ status }) => status === 'delivered');
    const dropped = receipts.filter(({ error }) => error?.code === 'QUEUE_FULL');
    const left = receipts.filter(({ status }) => status === 'queued' || status === 'inFlight');
    expect(delivered.length + dropped.length + left.length).toBe(receipts.length);
    expect(new Set(world.events('drop').map((drop) => (drop as { id: string }).id)).size).toBe(dropped.length);
    expect(dropped.length).toBeGreaterThan(0);
    expect(world.socket.outbox.list().map(({ id }) => id)).toEqual(left.map(({ id }) => id));
  });

  it('stored: what is dropped is out of storage before its receipt fails, and later pages never send it', async () => {
    const [place, locks] = [new MemoryPlace(), new FakeLocks()];
    const outbox = storedOutbox({ ...memoryStorage(place), maxMessages: 2, overflow: 'drop-oldest' });
    const world = await new World({ outbox }, new FakeEnvironment({ locks, tab: 'tab' })).settle();
    const first = world.socket.send('1');
    await world.socket.send('2').stored;
    const release = place.hold('replaceSegment');
    const third = world.socket.send('3');
    await world.settle();
    expect([first.status, waiting(world)]).toEqual(['queued', ['2', '3']]);
    // What storage has not forgotten yet is bounded, too.
    expect(send(world, '4', '5', '6')).toEqual([undefined, 'QUEUE_FULL', 'QUEUE_FULL']);
    release();
    await world.environment.advance(50);
    expect(first.error?.code).toBe('QUEUE_FULL');
    expect(third.status).toBe('queued');
    locks.dropTab('tab');
    const next = await new World(
      { outbox: storedOutbox(memoryStorage(place)) },
      new FakeEnvironment({ locks, tab: 'next' }),
    ).welcome();
    expect(next.sent).toEqual(['3', '4']);
  });
});

describe('whenWritable', () => {
  it('resolves at once where there is room, else when there is, one for each place', async () => {
    const world = await aWorld({ maxMessages: 2 }).welcome();
    await world.socket.whenWritable();
    send(world, '1', '2');
    const waits = [1, 2, 3].map(() => outcomeOf(world.socket.whenWritable()));
    const states = (): string[] => waits.map(({ state }) => state);
    await world.settle();
    expect(states()).toEqual(['pending', 'pending', 'pending']);
    world.wire.receive(['a', 0, 1]);
    send(world, '3');
    await world.settle();
    expect(states()).toEqual(['resolved', 'pending', 'pending']);
    world.wire.receive(['a', 0, 3]);
    await world.settle();
    expect(states()).toEqual(['resolved', 'resolved', 'resolved']);
  });

  it('keeps a producer within the bounds, however much it sends', async () => {
    const world = await aWorld({ maxMessages: 4 }).welcome();
    const codes: unknown[] = [];
    const produce = async (): Promise<void> => {
      for (let count = 0; count < 20; count += 1) {
        await world.socket.whenWritable();
        codes.push(world.socket.send(count).error);
      }
    };
    const done = Promise.all([produce(), produce()]);
    for (let round = 0; round < 60; round += 1) {
      await world.settle();
      expect(world.socket.outbox.list().length).toBeLessThanOrEqual(4);
      const newest = world.wire.framesOf('m').at(-1)?.[2];
      if (newest !== undefined) world.wire.receive(['a', 0, newest]);
    }
    await done;
    expect(codes).toEqual(Array.from({ length: 40 }, () => null));
  });

  it('waits for bytes, and for what is withdrawn', async () => {
    const world = aWorld({ maxBytes: 100 });
    const receipt = world.socket.send(new Uint8Array(90));
    await world.socket.whenWritable({ bytes: 10 });
    await world.settle();
    const wait = outcomeOf(world.socket.whenWritable({ bytes: 1_000 }));
    await world.settle();
    expect(wait.state).toBe('pending');
    expect(receipt.cancel()).toBe(true);
    await world.settle();
    expect(wait.state).toBe('resolved');
  });

  it('rejects with the reason of its signal, and when the socket closes', async () => {
    const world = aWorld({ maxMessages: 1 });
    send(world, '1');
    const abort = new AbortController();
    const waits = [world.socket.whenWritable({ signal: abort.signal }), world.socket.whenWritable()];
    const outcomes = waits.map((wait) => outcomeOf(wait));
    abort.abort(new Error('enough'));
    await expect(waits[0]).rejects.toThrow('enough');
    await expect(world.socket.whenWritable({ signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no');
    await world.socket.close();
    expect(outcomes[1]?.code).toBe('CLOSED');
    await expect(world.socket.whenWritable()).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it.each([{ bytes: 0 }, { signal: 1 }, { other: 1 }])('names what is wrong in %o', async (options) => {
    const wait = new World().socket.whenWritable(options as never);
    await expect(wait).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  });
});

describe('socket.outbox', () => {
  it('lists what waits and what is in flight, with its time and its bytes', async () => {
    const world = await new World().welcome({ window: { messages: 1, bytes: 100 } });
    const receipts = ['a', new Uint8Array(7), 'c'].map((data) => world.socket.send(data));
    await world.settle();
    const at = world.environment.wallClock();
    expect(world.socket.outbox.list()).toEqual([
      { id: receipts[0]?.id, status: 'inFlight', bytes: 3, queuedAt: at },
      { id: receipts[1]?.id, status: 'queued', bytes: 7, queuedAt: at },
      { id: receipts[2]?.id, status: 'queued', bytes: 3, queuedAt: at },
    ]);
    expect(world.socket.outbox.list(1)).toHaveLength(1);
  });

  it('takes back one message, if it was on no wire', async () => {
    const world = await new World().welcome({ window: { messages: 1, bytes: 100 } });
    const [sent, waits, last] = ['a', 'b', 'c'].map((data) => world.socket.send(data));
    await world.settle();
    const { cancel } = world.socket.outbox;
    expect([
      cancel(sent?.id ?? ''),
      cancel(waits?.id ?? ''),
      cancel('nobody:1'),
      last?.cancel(),
      last?.cancel(),
    ]).toEqual([false, true, false, true, false]);
    expect([sent?.error, waits?.error?.code, last?.error?.code]).toEqual([null, 'ABORTED', 'ABORTED']);
    expect(drops(world)).toEqual(['2 ABORTED', '3 ABORTED']);
    world.wire.receive(['a', 0, 1]);
    expect(sent?.cancel()).toBe(false);
  });

  it('is cleared of all that was on no wire, from storage too', async () => {
    const [place, locks] = [new MemoryPlace(), new FakeLocks()];
    const outbox = storedOutbox(memoryStorage(place));
    const world = new World({ outbox }, new FakeEnvironment({ locks, tab: 'tab' }));
    await world.welcome({ window: { messages: 1, bytes: 100 } });
    const receipts = ['a', 'b', 'c'].map((data) => world.socket.send(data));
    await receipts[2]?.stored;
    const cleared = outcomeOf(world.socket.outbox.clear());
    expect([cleared.state, receipts[1]?.status]).toEqual(['pending', 'queued']);
    await world.environment.advance(50);
    expect([cleared.state, receipts.map(({ error }) => error?.code)]).toEqual([
      'resolved',
      [undefined, 'ABORTED', 'ABORTED'],
    ]);
    expect(Object.values(place.stored)).toEqual([[1]]);
    await world.socket.outbox.clear();
  });

  it('is cleared for nobody before storage is, whoever has withdrawn the messages', async () => {
    const [place, locks] = [new MemoryPlace(), new FakeLocks()];
    const outbox = storedOutbox(memoryStorage(place));
    const world = new World({ outbox }, new FakeEnvironment({ locks, tab: 'tab' }));
    await world.welcome({ window: { messages: 1, bytes: 100 } });
    const receipts = ['a', 'b', 'c'].map((data) => world.socket.send(data));
    await receipts[2]?.stored;
    receipts[1]?.cancel();
    const left: unknown[] = [];
    const cleared = [1, 2, 3].map(() => world.socket.outbox.clear().then(() => left.push(Object.values(place.stored))));
    expect(world.socket.outbox.list()).toHaveLength(1);
    await world.environment.advance(50);
    await Promise.all(cleared);
    expect(left).toEqual([[[1]], [[1]], [[1]]]);
  });
});
