import { describe, expect, it, vi } from 'vitest';
import { storedOutbox } from '../runtime/stored-outbox.ts';
import { MemoryPlace, memoryStorage } from '../testing-fakes/memory-store.fixture.ts';
import { memory } from './options.ts';
import { outcomeOf, World } from './socket.fixture.ts';

describe('send', () => {
  it('takes what JSON can carry, and throws for the rest', async () => {
    const world = await new World().welcome();
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    for (const data of [undefined, () => {}, Symbol('x'), 1n, cycle]) {
      expect(() => world.socket.send(data as never)).toThrow(expect.objectContaining({ code: 'INVALID_MESSAGE' }));
    }
    for (const data of [null, 0, '', [], {}, { a: { b: [true] } }]) world.socket.send(data);
    await world.settle();
    expect(world.sent).toEqual([null, 0, '', [], {}, { a: { b: [true] } }]);
  });

  it('copies what it is given: what the app changes afterwards is not sent', async () => {
    const world = await new World().welcome();
    const data = { a: 1 };
    world.socket.send(data);
    data.a = 2;
    await world.settle();
    expect(world.sent).toEqual([{ a: 1 }]);
  });

  it.each([
    ['ttlMs', { ttlMs: 0 }],
    ['ttlMs', { ttlMs: -1 }],
    ['ttlMs', { ttlMs: Number.NaN }],
    ['ttlMs', { ttlMs: '500' }],
    ['ttlMs', { ttlMs: null }],
    ['durability', { durability: 'relaxed' }],
    ['durability', { durability: true }],
    ['signal', { signal: {} }],
    ['signal', { signal: null }],
    ['signal', { signal: 'abort' }],
  ])('throws for a wrong %s before anything is queued: %j', (option, options) => {
    const world = new World();
    expect(() => world.socket.send('x', options as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(option) }),
    );
    expect(world.socket.getStats().queued).toBe(0);
  });

  it('refuses by its receipt what does not fit: too many, too large, a signal that was aborted', async () => {
    const world = new World({ outbox: memory({ maxMessages: 2 }) });
    const receipts = [1, 2, 3].map((data) => world.socket.send(data));
    expect(receipts.map(({ error }) => error?.code)).toEqual([undefined, undefined, 'QUEUE_FULL']);
    const aborted = world.socket.send('x', { signal: AbortSignal.abort(new Error('why')) });
    await expect(aborted.delivered).rejects.toMatchObject({ code: 'ABORTED', cause: { message: 'why' } });
    await world.welcome();
    world.wire.receive(['a', 0, 2]);
    expect(world.socket.send('x'.repeat(2_000)).error?.code).toBe('MESSAGE_TOO_LARGE');
    expect(world.events('drop')).toHaveLength(3);
    expect(new Set([...receipts, aborted].map(({ id }) => id)).size).toBe(4);
  });

  it('tells the refusal of the server, with its details', async () => {
    const world = await new World().welcome();
    const receipt = world.socket.send('x');
    await world.settle();
    world.wire.receive(['r', 0, 1, { code: 'NO_FUNDS', message: 'not enough', details: { missing: 3 } }]);
    await expect(receipt.delivered).rejects.toMatchObject({
      code: 'REFUSED',
      details: { code: 'NO_FUNDS', missing: 3 },
    });
    expect([receipt.status, world.events('drop')]).toMatchObject([
      'failed',
      [{ id: receipt.id, error: { code: 'REFUSED' } }],
    ]);
  });

  it('goes on behind a window full of refusals', async () => {
    const world = await new World().welcome({ window: { messages: 1, bytes: 100 } });
    world.socket.send(1);
    world.socket.send(2);
    await world.settle();
    world.wire.receive(['r', 0, 1, { code: 'NO', message: '' }]);
    await world.settle();
    expect(world.sent).toEqual([1, 2]);
  });
});

describe('ttlMs', () => {
  it('fails each message that waited for too long, all of them at once, and leaves the others', async () => {
    const world = new World();
    const receipts = [500, 500, 500, 900, undefined].map((ttlMs) =>
      world.socket.send('x', ttlMs === undefined ? {} : { ttlMs }),
    );
    await world.environment.advance(499);
    expect(receipts.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 'queued'));
    await world.environment.advance(1);
    expect(receipts.map(({ error }) => error?.code)).toEqual(['EXPIRED', 'EXPIRED', 'EXPIRED', undefined, undefined]);
    await world.environment.advance(400);
    expect(receipts[3]?.error?.code).toBe('EXPIRED');
    await world.welcome();
    expect(world.wire.framesOf('m').map((frame) => frame[2])).toEqual([5]);
  });

  it('expires the shorter one first, whichever was sent first', async () => {
    const world = new World();
    const [long, short] = [world.socket.send(1, { ttlMs: 900 }), world.socket.send(2, { ttlMs: 100 })];
    await world.environment.advance(100);
    expect([long.status, short.status]).toEqual(['queued', 'failed']);
  });

  it('ends nothing that is on a wire, nor what may have been, before the server has said so', async () => {
    const world = await new World().welcome();
    const receipt = world.socket.send('x', { ttlMs: 1_000 });
    await world.settle();
    await world.environment.advance(2_000);
    world.wire.closeBy(1006);
    await world.environment.advance(300);
    expect(receipt.status).toBe('queued');
    await world.environment.advance(200);
    await world.welcome({ taken: [[0, []]], resumed: true });
    expect([receipt.error?.code, world.sent]).toEqual(['EXPIRED', []]);
  });

  it('that never ends needs no timer for ever', async () => {
    const world = new World({ autoConnect: false });
    const receipt = world.socket.send('x', { ttlMs: Number.POSITIVE_INFINITY });
    await world.environment.advance(1_000_000);
    expect(receipt.status).toBe('queued');
  });
});

describe('signal', () => {
  it('takes back what is on no wire', async () => {
    const world = new World();
    const controller = new AbortController();
    const receipts = [world.socket.send(1, { signal: controller.signal }), world.socket.send(2)];
    controller.abort(new Error('unmounted'));
    await expect(receipts[0]?.delivered).rejects.toMatchObject({ code: 'ABORTED', cause: { message: 'unmounted' } });
    await world.welcome();
    expect(world.sent).toEqual([2]);
  });

  it('does nothing to what was sent', async () => {
    const world = await new World().welcome();
    const controller = new AbortController();
    const receipt = world.socket.send(1, { signal: controller.signal });
    await world.settle();
    controller.abort();
    world.wire.receive(['a', 0, 1]);
    await receipt.delivered;
    expect(receipt.status).toBe('delivered');
  });

  it('is let go of when the message has its end', async () => {
    const world = await new World().welcome();
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    world.socket.send(1, { signal });
    await world.settle();
    world.wire.receive(['a', 0, 1]);
    await world.settle();
    expect(removed.mock.calls.map(([, listener]) => listener)).toEqual(
      added.mock.calls.map(([, listener]) => listener),
    );
    expect(added).toHaveBeenCalledTimes(1);
  });

  it('lets storage forget before the receipt rejects', async () => {
    const place = new MemoryPlace();
    const world = await new World({ outbox: storedOutbox(memoryStorage(place)) }).settle();
    const controller = new AbortController();
    const receipt = world.socket.send(1, { signal: controller.signal });
    await receipt.stored;
    const release = place.hold('removeSegments');
    const delivered = outcomeOf(receipt.delivered);
    controller.abort();
    await world.environment.advance(100);
    expect([delivered.state, receipt.status]).toEqual(['pending', 'queued']);
    release();
    await world.settle();
    expect([delivered.code, Object.values(place.stored)]).toEqual(['ABORTED', []]);
  });
});

describe('receipts of a stored outbox', () => {
  it('say when a message is stored: reading it starts the write at the end of the turn', async () => {
    const place = new MemoryPlace();
    const world = await new World({ outbox: storedOutbox(memoryStorage(place)) }).settle();
    const receipt = world.socket.send('x');
    expect([receipt.isStored, place.callsOf('createLog')]).toEqual([false, []]);
    await receipt.stored;
    expect([receipt.isStored, place.callsOf('createLog').length]).toEqual([true, 1]);
  });

  it('say that nothing is stored, once and for all, where storage fails', async () => {
    const place = new MemoryPlace();
    place.fail('createLog', new Error('QuotaExceededError'));
    const world = await new World({ outbox: storedOutbox(memoryStorage(place)) }).settle();
    const receipts = [world.socket.send(1), world.socket.send(2)];
    await expect(receipts[0]?.stored).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      cause: { message: 'QuotaExceededError' },
    });
    await expect(receipts[1]?.stored).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    await expect(world.socket.send(3).stored).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    expect(world.errors).toEqual(['STORAGE_FAILED']);
    await world.welcome();
    expect(world.sent).toEqual([1, 2, 3]);
  });

  it('say so with a memory outbox, whatever becomes of the message', async () => {
    const world = await new World().welcome();
    const receipt = world.socket.send('x');
    await world.settle();
    world.wire.receive(['a', 0, 1]);
    await receipt.delivered;
    await expect(receipt.stored).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    expect(world.errors).toEqual([]);
  });

  it('need no write when the server was faster', async () => {
    const place = new MemoryPlace();
    const world = await new World({ outbox: storedOutbox(memoryStorage(place)) }).welcome();
    const receipt = world.socket.send('x');
    await world.settle();
    world.wire.receive(['a', 0, 1]);
    await Promise.all([receipt.stored, receipt.delivered]);
    await world.environment.advance(100);
    expect([receipt.isStored, place.callsOf('createLog')]).toEqual([false, []]);
  });
});
