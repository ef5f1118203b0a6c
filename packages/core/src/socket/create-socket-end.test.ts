import { describe, expect, it } from 'vitest';
import { storedOutbox } from '../runtime/stored-outbox.ts';
import { FakeEnvironment } from '../testing-fakes/fake-environment.fixture.ts';
import { FakeLocks } from '../testing-fakes/fake-locks.fixture.ts';
import { MemoryPlace, memoryStorage } from '../testing-fakes/memory-store.fixture.ts';
import { leftBehind, NOTHING, outcomeOf, unhandledRejections, World } from './socket.fixture.ts';

describe('whenOpen', () => {
  it('resolves when the connection opens, and at once when it is open', async () => {
    const world = new World();
    const first = outcomeOf(world.socket.whenOpen());
    await world.accept();
    expect(first.state).toBe('pending');
    await world.welcome();
    expect(first.state).toBe('resolved');
    await world.socket.whenOpen();
  });

  it('gives the same promise while its word holds, so that a render may ask again', async () => {
    const world = new World({ reconnect: false });
    const first = world.socket.whenOpen();
    await world.accept();
    expect(world.socket.whenOpen()).toBe(first);
    await world.welcome();
    expect(world.socket.whenOpen()).toBe(first);
    world.wire.closeBy(1008);
    const refused = world.socket.whenOpen();
    expect(refused).not.toBe(first);
    expect(world.socket.whenOpen()).toBe(refused);
    await expect(refused).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(world.socket.whenOpen()).toBe(refused);
    world.socket.connect();
    const again = world.socket.whenOpen();
    expect(again).not.toBe(refused);
    await world.welcome();
    await again;
  });

  it('waits over failed attempts', async () => {
    const world = new World();
    const open = outcomeOf(world.socket.whenOpen());
    await world.accept();
    world.wire.closeBy(1006);
    await world.environment.advance(300);
    expect(open.state).toBe('pending');
    await world.welcome();
    expect(open.state).toBe('resolved');
  });

  it('rejects with what ended it: suspended, closed, aborted', async () => {
    const suspended = new World({ reconnect: false });
    const outcomes = [outcomeOf(suspended.socket.whenOpen())];
    await suspended.accept();
    suspended.wire.closeBy(1008);
    const closed = new World();
    outcomes.push(outcomeOf(closed.socket.whenOpen()));
    await closed.socket.close();
    outcomes.push(outcomeOf(closed.socket.whenOpen()));
    const aborted = new World({ signal: AbortSignal.abort() });
    outcomes.push(outcomeOf(aborted.socket.whenOpen()));
    await aborted.settle();
    expect(outcomes.map(({ code }) => code)).toEqual(['FORBIDDEN', 'CLOSED', 'CLOSED', 'ABORTED']);
  });
});

describe('close', () => {
  it.each([
    ...['at once', 'while opening', 'while greeting', 'while preparing', 'open', 'waiting', 'paused', 'suspended'],
    ...['asked after a hint', 'waiting for the turn of a drain', 'in a handover', 'hidden', 'sent into silence'],
  ])('leaves nothing behind: %s', async (when) => {
    const world = new World({
      hidden: { releaseAfterMs: 60_000 },
      ...(when === 'while preparing' && { onConnect: () => new Promise(() => {}) }),
    });
    world.socket.subscribe(() => {});
    world.socket.send('x', { ttlMs: 1_000, signal: new AbortController().signal });
    if (when === 'while opening') await world.settle();
    if (when === 'while greeting') await world.accept();
    if (when !== 'at once' && (when === 'while preparing' || !when.startsWith('while'))) await world.welcome();
    if (when === 'waiting') world.wire.closeBy(1006);
    if (when === 'paused') world.socket.pause();
    if (when === 'suspended') world.wire.closeBy(1008);
    if (when === 'asked after a hint') world.environment.tell('woke');
    if (when === 'waiting for the turn of a drain') world.wire.receive(['drain', { within: 9_000 }]);
    if (when === 'hidden') world.environment.tell('hidden');
    if (when === 'sent into silence') await world.environment.advance(500);
    if (when === 'in a handover') {
      world.socket.migrate().catch(() => {});
      await world.accept();
    }
    const { length: opened } = world.environment.sockets;
    await world.socket.close();
    expect(leftBehind(world)).toEqual(NOTHING);
    expect([world.socket.getState().phase, world.events('closed')]).toEqual(['closed', [{ error: null }]]);
    const { length } = world.told;
    await world.environment.advance(100_000);
    expect([world.told.length, world.environment.sockets.length]).toEqual([length, opened]);
  });

  it('leaves nothing behind with an outbox that stores', async () => {
    const place = new MemoryPlace();
    const world = new World({ outbox: storedOutbox(memoryStorage(place)) });
    world.socket.subscribe(() => {});
    await world.settle();
    expect(leftBehind(world)).not.toEqual(NOTHING);
    const receipt = world.socket.send('x');
    await world.socket.close();
    expect(leftBehind(world)).toEqual(NOTHING);
    expect([Object.values(place.stored), receipt.isStored]).toEqual([[[1]], true]);
    expect(place.calls.at(-1)).toBe('close');
  });

  it('tells the truth about every message: never sent, or nobody knows', async () => {
    const world = await new World().welcome({ window: { messages: 1, bytes: 100 } });
    const [sent, queued] = [world.socket.send(1), world.socket.send(2)];
    await world.settle();
    const outcomes = [sent.delivered, queued.delivered].map(outcomeOf);
    await world.socket.close();
    expect(outcomes.map(({ code }) => code)).toEqual(['OUTCOME_UNKNOWN', 'ABORTED']);
    expect(world.socket.getStats()).toMatchObject({ queued: 0, inFlight: 0 });
  });

  it('says that a stored message stays, and with discard that it does not', async () => {
    for (const discard of [false, true]) {
      const place = new MemoryPlace();
      const world = await new World({ outbox: storedOutbox(memoryStorage(place)) }).settle();
      const receipt = world.socket.send('x');
      await receipt.stored;
      await world.socket.close({ discard });
      expect([receipt.error?.code, receipt.error?.details]).toEqual(
        discard ? ['ABORTED', {}] : ['OUTCOME_UNKNOWN', { isStored: true }],
      );
      expect(Object.values(place.stored)).toEqual(discard ? [] : [[1]]);
    }
  });

  it('with flushMs goes on until the outbox is empty', async () => {
    const world = await new World().welcome();
    const receipt = world.socket.send('x');
    const closed = outcomeOf(world.socket.close({ flushMs: 1_000 }));
    await world.settle();
    expect([world.sent, closed.state, world.socket.getState().phase]).toEqual([['x'], 'pending', 'closing']);
    expect(outcomeOf(world.socket.send('too late').delivered)).toBeDefined();
    world.wire.receive(['a', 0, 1]);
    await world.settle();
    expect([receipt.status, closed.state, world.wire.closes]).toEqual([
      'delivered',
      'resolved',
      [{ code: 1000, reason: '' }],
    ]);
  });

  it('with flushMs ends at once when there is nothing to flush, and at last when the server is silent', async () => {
    const empty = await new World().welcome();
    const first = outcomeOf(empty.socket.close({ flushMs: 1_000 }));
    await empty.settle();
    expect(first.state).toBe('resolved');
    const silent = await new World().welcome();
    const receipt = silent.socket.send('x');
    const second = outcomeOf(silent.socket.close({ flushMs: 1_000 }));
    await silent.environment.advance(999);
    expect(second.state).toBe('pending');
    await silent.environment.advance(1);
    expect([second.state, receipt.error?.code]).toEqual(['resolved', 'OUTCOME_UNKNOWN']);
    expect(leftBehind(silent)).toEqual(NOTHING);
  });

  it('with flushMs ends when all that is left has been refused', async () => {
    const world = await new World().welcome();
    world.socket.send('x');
    const closed = outcomeOf(world.socket.close({ flushMs: 1_000 }));
    await world.settle();
    world.wire.receive(['r', 0, 1, { code: 'NO', message: '' }]);
    await world.settle();
    expect(closed.state).toBe('resolved');
  });

  it('with flushMs waits until storage has forgotten what was withdrawn, and ends then', async () => {
    const place = new MemoryPlace();
    const controller = new AbortController();
    const world = await new World({ outbox: storedOutbox(memoryStorage(place)) }).welcome({
      window: { messages: 1, bytes: 100 },
    });
    const [sent, withdrawn] = [world.socket.send(1), world.socket.send(2, { signal: controller.signal })];
    await withdrawn?.stored;
    const release = place.hold('replaceSegment');
    const closed = outcomeOf(world.socket.close({ flushMs: 10_000 }));
    controller.abort();
    await world.settle();
    world.wire.receive(['a', 0, 1]);
    await world.settle();
    expect([sent?.status, withdrawn?.status, closed.state]).toEqual(['delivered', 'queued', 'pending']);
    release();
    await world.settle();
    expect([withdrawn?.error?.code, closed.state]).toEqual(['ABORTED', 'resolved']);
  });

  it('may be called as often as one likes, and what comes after it is refused', async () => {
    const world = new World();
    await Promise.all([world.socket.close(), world.socket.close({ flushMs: 9 })]);
    await world.socket.close();
    const receipt = world.socket.send('x');
    await expect(receipt.delivered).rejects.toMatchObject({ code: 'CLOSED' });
    for (const call of [world.socket.connect, world.socket.pause, world.socket.reconnect]) call();
    await expect(world.socket.migrate()).rejects.toMatchObject({ code: 'CLOSED' });
    expect([world.socket.getState().phase, world.events('closed').length]).toEqual(['closed', 1]);
  });

  it('comes by a signal, too, with its reason', async () => {
    const controller = new AbortController();
    const world = await new World({ signal: controller.signal }).welcome();
    controller.abort(new Error('unmounted'));
    await world.settle();
    expect(world.events('closed')).toMatchObject([{ error: { code: 'ABORTED', cause: { message: 'unmounted' } } }]);
    expect(leftBehind(world)).toEqual(NOTHING);
  });

  it('by a signal that was aborted before connects nowhere', async () => {
    const world = await new World({ signal: AbortSignal.abort() }).settle();
    expect([world.environment.sockets.length, world.socket.getState().phase]).toEqual([0, 'closed']);
    expect(leftBehind(world)).toEqual(NOTHING);
  });

  it('ends the waiting for storage that never opens', async () => {
    const place = new MemoryPlace();
    place.hold('open');
    const world = new World({ outbox: storedOutbox(memoryStorage(place)) });
    const closed = outcomeOf(world.socket.close());
    await world.environment.advance(10_000);
    expect(closed.state).toBe('resolved');
    expect(leftBehind(world)).toEqual(NOTHING);
  });

  it('gives the lock back to the next page, which takes the log', async () => {
    const place = new MemoryPlace();
    const locks = new FakeLocks();
    const world = await new World({ outbox: storedOutbox(memoryStorage(place)) }, { locks, tab: 'first' }).settle();
    world.socket.send('from the first');
    await world.socket.close();
    const next = new World(
      { outbox: storedOutbox(memoryStorage(place)) },
      new FakeEnvironment({ locks, tab: 'second' }),
    );
    await next.welcome();
    expect(next.sent).toEqual(['from the first']);
    await next.socket.close();
  });
});

it('makes no unhandled rejection, whatever nobody waits for', async () => {
  const unhandled = await unhandledRejections(async () => {
    const place = new MemoryPlace();
    place.fail('createLog');
    const world = new World({
      outbox: storedOutbox(memoryStorage(place)),
      url: () => 'wss://server.example',
      onConnect: (context) => void context.send('not waited for'),
    });
    const controller = new AbortController();
    const receipts = [
      world.socket.send(1),
      world.socket.send(2, { ttlMs: 5 }),
      world.socket.send(3, { signal: controller.signal }),
    ];
    void receipts.map(({ stored, delivered }) => [stored, delivered]);
    controller.abort();
    await world.environment.advance(100);
    await world.welcome();
    world.wire.closeBy(1006);
    await world.environment.advance(1_000);
    await world.socket.close();
    void world.socket.send('late').delivered;
  });
  expect(unhandled).toEqual([]);
});
