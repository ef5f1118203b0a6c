import { describe, expect, it } from 'vitest';
import { joinBinary, messageFrame, splitBinary, type BinaryFrame } from '../protocol/binary.ts';
import { storedOutbox } from '../runtime/stored-outbox.ts';
import { FakeEnvironment } from '../testing-fakes/fake-environment.fixture.ts';
import { FakeLocks } from '../testing-fakes/fake-locks.fixture.ts';
import { MemoryPlace, memoryStorage } from '../testing-fakes/memory-store.fixture.ts';
import { plain } from './protocols.ts';
import { outcomeOf, unhandledRejections, World } from './socket.fixture.ts';

/** A Blob whose bytes come when the test says so. */
class SlowBlob {
  readonly size: number;
  readonly [Symbol.toStringTag] = 'Blob';
  reads = 0;
  arrive = (): void => {};
  fail = (_cause: Error): void => {};
  readonly #bytes: Uint8Array<ArrayBuffer>;

  constructor(...bytes: number[]) {
    this.#bytes = Uint8Array.from(bytes);
    this.size = bytes.length;
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    this.reads += 1;
    return new Promise((resolve, reject) => {
      this.arrive = () => resolve(this.#bytes.buffer);
      this.fail = reject;
    });
  }

  get blob(): Blob {
    return this as unknown as Blob;
  }
}

/** Payloads in their order on the wire, over both kinds of WebSocket message. */
function payloads(world: World): unknown[] {
  const fail = (message: string): never => {
    throw new Error(message);
  };
  return world.wire.messages.flatMap((data) => {
    const frames =
      typeof data === 'string'
        ? data.split('\n').map((line) => JSON.parse(line) as unknown[])
        : splitBinary(data, 2, fail);
    return frames
      .filter(([kind]) => kind === 'm')
      .map(([, , , payload]) => (payload instanceof Uint8Array ? [...payload] : payload));
  });
}

function down(offset: number, ...bytes: number[]): Uint8Array<ArrayBuffer> {
  return joinBinary([messageFrame(Uint8Array.from(bytes), offset) as BinaryFrame]);
}

describe('bytes that are sent', () => {
  it.each([
    ['a buffer', (bytes: Uint8Array<ArrayBuffer>) => bytes.buffer.slice(1, 3)],
    ['a view', (bytes: Uint8Array<ArrayBuffer>) => bytes.subarray(1, 3)],
    ['a DataView', (bytes: Uint8Array<ArrayBuffer>) => new DataView(bytes.buffer, 1, 2)],
    ['a Blob', (bytes: Uint8Array<ArrayBuffer>) => new Blob([bytes.subarray(1, 3)])],
  ])('%s: in the order of the calls, text before and behind', async (_name, make) => {
    const world = await new World().welcome();
    const receipts = ['before', make(Uint8Array.of(1, 2, 3, 4)), 'behind'].map((data) => world.socket.send(data));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await world.settle();
    expect(payloads(world)).toEqual(['before', [2, 3], 'behind']);
    world.wire.receive(['a', 0, 3]);
    expect(receipts.map(({ status }) => status)).toEqual(['delivered', 'delivered', 'delivered']);
  });

  it('are copied in the call', async () => {
    const world = await new World().welcome();
    const bytes = Uint8Array.of(1, 2);
    world.socket.send(bytes);
    bytes.fill(9);
    world.socket.send(bytes.buffer);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    await world.settle();
    expect(payloads(world)).toEqual([
      [1, 2],
      [9, 9],
    ]);
  });

  it('are refused in the call where the buffer was transferred', async () => {
    const world = await new World().welcome();
    const bytes = new Uint8Array(2);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    for (const data of [bytes, bytes.buffer]) {
      expect(() => world.socket.send(data)).toThrow(
        expect.objectContaining({ code: 'INVALID_MESSAGE', cause: expect.any(TypeError) }),
      );
    }
    expect(world.socket.getStats().queued).toBe(0);
  });

  it("count in the server's limit as they are, a Blob at once", async () => {
    const world = await new World().welcome();
    const blob = new SlowBlob(...new Uint8Array(1_001));
    const codes = [new Uint8Array(1_000), new Uint8Array(1_001), blob.blob].map(
      (data) => world.socket.send(data).error?.code,
    );
    expect([codes, blob.reads]).toEqual([[undefined, 'MESSAGE_TOO_LARGE', 'MESSAGE_TOO_LARGE'], 0]);
  });

  it('share a WebSocket message within a turn', async () => {
    const world = await new World().welcome();
    for (const data of [Uint8Array.of(1), Uint8Array.of(2), 'text', Uint8Array.of(3)]) world.socket.send(data);
    await world.settle();
    expect(world.wire.messages.slice(-3).map((data) => typeof data)).toEqual(['object', 'string', 'object']);
  });

  it('are sent again on the next connection', async () => {
    const world = await new World().welcome();
    world.socket.send(Uint8Array.of(1));
    await world.settle();
    world.wire.closeBy(1006);
    await world.environment.advance(400);
    await world.welcome();
    expect(payloads(world)).toEqual([[1]]);
  });

  it('go ahead of the outbox in onConnect', async () => {
    const world = new World({ onConnect: ({ send }) => send(new Blob([Uint8Array.of(7)])) });
    world.socket.send('later');
    await world.welcome();
    world.wire.receive(['taken', [[0, []]]]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await world.settle();
    expect(payloads(world)).toEqual([[7]]);
    world.wire.receive(['a', 1, 1]);
    await world.settle();
    expect(payloads(world)).toEqual([[7], 'later']);
  });
});

describe('a Blob', () => {
  it('holds up what follows until it is read, and nothing else', async () => {
    const world = await new World().welcome();
    const blob = new SlowBlob(5);
    for (const data of ['a', blob.blob, 'b']) world.socket.send(data);
    await world.settle();
    expect(payloads(world)).toEqual(['a']);
    blob.arrive();
    await world.settle();
    expect(payloads(world)).toEqual(['a', [5], 'b']);
  });

  it('that can not be read fails alone', async () => {
    const world = await new World().welcome();
    const blob = new SlowBlob(5);
    const [receipt] = [blob.blob, 'b'].map((data) => world.socket.send(data));
    blob.fail(new Error('the file has changed'));
    await world.settle();
    expect(receipt?.error).toMatchObject({ code: 'INVALID_MESSAGE', cause: { message: 'the file has changed' } });
    expect(world.events('drop')).toMatchObject([{ id: receipt?.id, error: { code: 'INVALID_MESSAGE' } }]);
    expect(payloads(world)).toEqual(['b']);
    // Only a gap that is announced is lawful.
    expect(world.wire.framesOf('s')).toEqual([['s', 0, 1]]);
  });

  it('that is withdrawn while it is read holds up nobody', async () => {
    const world = await new World().welcome();
    const abort = new AbortController();
    const blob = new SlowBlob(5);
    const receipt = world.socket.send(blob.blob, { signal: abort.signal });
    const expired = world.socket.send(new SlowBlob(6).blob, { ttlMs: 100 });
    world.socket.send('b');
    abort.abort();
    await world.settle();
    expect([receipt.error?.code, payloads(world)]).toEqual(['ABORTED', []]);
    await world.environment.advance(100);
    expect([expired.error?.code, payloads(world)]).toEqual(['EXPIRED', ['b']]);
    blob.arrive();
    await world.settle();
    expect(payloads(world)).toEqual(['b']);
  });

  it('that is still being read when the socket closes was never sent', async () => {
    const world = await new World().welcome();
    const blobs = [new SlowBlob(1), new SlowBlob(2)];
    const receipts = blobs.map(({ blob }) => world.socket.send(blob));
    await world.socket.close();
    expect(receipts.map(({ error }) => error?.code)).toEqual(['ABORTED', 'ABORTED']);
    const unhandled = await unhandledRejections(async () => {
      blobs[0]?.arrive();
      blobs[1]?.fail(new Error('late'));
      await world.settle();
    });
    expect([unhandled, world.errors, world.environment.timers]).toEqual([[], [], 0]);
  });

  it('is waited for by a close with flushMs', async () => {
    const world = await new World().welcome();
    const blob = new SlowBlob(1);
    const receipt = world.socket.send(blob.blob);
    void world.socket.close({ flushMs: 1_000 });
    blob.arrive();
    await world.settle();
    world.wire.receive(['a', 0, 1]);
    await receipt.delivered;
    expect(payloads(world)).toEqual([[1]]);
  });
});

describe('bytes that are stored', () => {
  function aTab(place: MemoryPlace, locks: FakeLocks, tab: string): World {
    return new World({ outbox: storedOutbox(memoryStorage(place)) }, new FakeEnvironment({ locks, tab }));
  }

  it('are delivered by a later page, between the text that they were sent between', async () => {
    const [place, locks] = [new MemoryPlace(), new FakeLocks()];
    const before = await aTab(place, locks, 'before').settle();
    for (const data of ['a', Uint8Array.of(0, 255)]) before.socket.send(data);
    await before.socket.send('b').stored;
    locks.dropTab('before');
    const after = await aTab(place, locks, 'after').welcome();
    expect(payloads(after)).toEqual(['a', [0, 255], 'b']);
  });

  it.each(['before the storage has opened', 'after it'])(
    'a Blob is stored with what follows it once it is read, %s',
    async (when) => {
      const [place, locks] = [new MemoryPlace(), new FakeLocks()];
      const world = aTab(place, locks, 'tab');
      if (when === 'after it') await world.settle();
      const blob = new SlowBlob(5);
      const receipts = ['a', blob.blob, 'b'].map((data) => world.socket.send(data));
      const outcomes = receipts.map(({ stored }) => outcomeOf(stored));
      await world.environment.advance(20);
      expect(outcomes.map(({ state }) => state)).toEqual(['resolved', 'pending', 'pending']);
      blob.arrive();
      await world.environment.advance(20);
      expect(outcomes.map(({ state }) => state)).toEqual(['resolved', 'resolved', 'resolved']);
      expect(Object.values(place.stored)).toEqual([[1, 2, 3]]);
      locks.dropTab('tab');
      expect(payloads(await aTab(place, locks, 'after').welcome())).toEqual(['a', [5], 'b']);
    },
  );

  it('what follows a Blob that fails is stored', async () => {
    const [place, locks] = [new MemoryPlace(), new FakeLocks()];
    const world = await aTab(place, locks, 'tab').settle();
    const blob = new SlowBlob(5);
    world.socket.send(blob.blob);
    const next = world.socket.send('b');
    blob.fail(new Error('gone'));
    const stored = outcomeOf(next.stored);
    await world.environment.advance(20);
    expect([stored.state, Object.values(place.stored)]).toEqual(['resolved', [[2]]]);
  });

  it('a Blob of a log that another page has by now is stored nowhere', async () => {
    const [place, locks] = [new MemoryPlace(), new FakeLocks()];
    const world = await aTab(place, locks, 'tab').settle();
    await world.socket.send('first').stored;
    const blob = new SlowBlob(5);
    const receipt = world.socket.send(blob.blob);
    world.environment.tell('frozen');
    await world.settle();
    await aTab(place, locks, 'adopter').welcome();
    world.environment.tell('resumed');
    await world.settle();
    const next = world.socket.send('next');
    blob.arrive();
    await world.environment.advance(20);
    expect([receipt.error?.code, next.isStored]).toEqual(['ABORTED', true]);
    expect(Object.values(place.stored).flat()).toEqual([1, 1]);
  });
});

describe('bytes that come', () => {
  it('reach listeners as a Uint8Array, in order with text', async () => {
    const world = await new World().welcome();
    world.wire.receive(['m', 1, 'a']);
    world.wire.receiveRaw(down(2, 0, 255).buffer);
    world.wire.receive(['m', 3, 'b']);
    expect(world.events('message')).toEqual(['a', Uint8Array.of(0, 255), 'b']);
    await world.environment.advance(25);
    expect(world.wire.framesOf('a')).toEqual([['a', 3]]);
  });

  it('with an offset that is not the next end the connection', async () => {
    const world = await new World().welcome();
    world.wire.receiveRaw(down(2, 0).buffer);
    expect(world.errors).toEqual(['PROTOCOL_ERROR']);
  });
});

describe('with plain()', () => {
  it('raw: strings and bytes go as they are, both ways', async () => {
    const world = await new World({ protocol: plain({ codec: 'raw' }) }).accept();
    const blob = new SlowBlob(5);
    for (const data of ['{', Uint8Array.of(1, 2), blob.blob, 'last']) world.socket.send(data);
    await world.settle();
    expect(world.wire.messages).toEqual(['{', Uint8Array.of(1, 2)]);
    blob.arrive();
    await world.settle();
    expect(world.wire.messages).toEqual(['{', Uint8Array.of(1, 2), Uint8Array.of(5), 'last']);
    world.wire.receiveRaw('{');
    world.wire.receiveRaw(Uint8Array.of(3).buffer);
    expect([world.events('message'), world.errors]).toEqual([['{', Uint8Array.of(3)], []]);
    world.wire.receiveRaw(new Blob(['x']));
    expect(world.errors).toEqual(['BAD_MESSAGE']);
  });

  it.each([
    ['raw', { a: 1 }],
    ['raw', null],
    ['text', new Uint8Array(1)],
    ['text', new Blob([])],
    ['json', new ArrayBuffer(1)],
    ['json', new Blob([])],
    ['json', new File([], 'name')],
  ] as const)('%s does not carry %o', async (codec, data) => {
    const world = await new World({ protocol: plain({ codec }) }).accept();
    expect(() => world.socket.send(data)).toThrow(expect.objectContaining({ code: 'INVALID_MESSAGE' }));
    expect(world.wire.messages).toEqual([]);
  });
});
