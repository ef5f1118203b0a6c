import { expect, test } from 'vitest';
import { storedOutbox } from '../runtime/stored-outbox.ts';
import { FakeEnvironment } from '../testing-fakes/fake-environment.fixture.ts';
import { FakeLocks } from '../testing-fakes/fake-locks.fixture.ts';
import { MemoryPlace, memoryStorage } from '../testing-fakes/memory-store.fixture.ts';
import { outcomeOf, World } from './socket.fixture.ts';

// A socket whose outbox is stored: pages that die, freeze and come back.

interface Browser {
  readonly place: MemoryPlace;
  readonly locks: FakeLocks;
}

function aBrowser(): Browser {
  return { place: new MemoryPlace(), locks: new FakeLocks() };
}

function aTab({ place, locks }: Browser, tab: string, tabStorage = new Map<string, string>()): World {
  const environment = new FakeEnvironment({ locks, tab, tabStorage });
  return new World({ outbox: storedOutbox(memoryStorage(place)) }, environment);
}

test('a reload: what the page before left goes first, under its own producer, then what the new page sends', async () => {
  const browser = aBrowser();
  const tabStorage = new Map<string, string>();
  const before = await aTab(browser, 'before', tabStorage).settle();
  before.socket.send('one');
  await before.socket.send('two').stored;
  browser.locks.dropTab('before');

  const after = aTab(browser, 'after', tabStorage);
  after.socket.send('three');
  await after.welcome();
  expect(after.hello.client).toBe(browser.place.clientId);
  expect(after.hello.producers.map(([, first, next, maybeSent]) => [first, next, maybeSent])).toEqual([
    [1, 2, 0],
    [1, 3, 2],
  ]);
  // The own log waits until the one before it is settled.
  expect(after.wire.framesOf('m')).toEqual([
    ['m', 1, 1, 'one'],
    ['m', 1, 2, 'two'],
  ]);
  after.wire.receive(['a', 1, 2]);
  await after.settle();
  expect(after.sent).toEqual(['one', 'two', 'three']);
  expect(after.wire.framesOf('fin')).toEqual([['fin', after.hello.producers[1]?.[0]]]);
  expect(Object.keys(browser.place.stored)).toEqual([after.hello.producers[0]?.[0]]);
});

test('after a reload, subscribers hear of what waits in storage before there is a connection', async () => {
  const browser = aBrowser();
  const tabStorage = new Map<string, string>();
  const before = await aTab(browser, 'before', tabStorage).settle();
  await before.socket.send('one').stored;
  browser.locks.dropTab('before');
  const after = aTab(browser, 'after', tabStorage);
  const heard: number[] = [];
  after.socket.subscribe(() => heard.push(after.socket.getStats().queued));
  await after.settle();
  after.environment.paint();
  expect(heard.at(-1)).toBe(1);
});

test('a page that was frozen for a while keeps its log and goes on', async () => {
  const browser = aBrowser();
  const world = await aTab(browser, 'tab').welcome();
  const receipt = world.socket.send(1);
  await receipt.stored;
  world.environment.tell('frozen');
  expect([world.socket.getState().reason, browser.locks.heldBy('tab')]).toEqual(['frozen', []]);
  world.environment.tell('resumed');
  await world.welcome({ taken: [[1, []]] });
  expect([receipt.status, receipt.isStored]).toEqual(['delivered', true]);
  world.socket.send(2);
  await world.settle();
  expect(world.sent).toEqual([2]);
});

test('a page whose log was adopted while it was frozen says so, and new messages go under a new producer', async () => {
  const browser = aBrowser();
  const world = await aTab(browser, 'tab').welcome();
  const stored = world.socket.send('stored');
  await stored.stored;
  const [old] = world.hello.producers.map(([id]) => id);
  world.environment.tell('frozen');
  await world.settle();
  const adopter = await aTab(browser, 'adopter').welcome();
  expect(adopter.sent).toEqual(['stored']);
  const never = world.socket.send('never');
  world.environment.tell('resumed');
  await world.settle();
  expect([stored.error?.code, never.error?.code]).toEqual(['OUTCOME_UNKNOWN', 'ABORTED']);
  expect(world.errors).toEqual(['LOG_TAKEN_OVER']);
  const next = world.socket.send('next');
  await world.welcome();
  expect(world.hello.producers.map(([id]) => id)).not.toContain(old);
  expect(world.sent).toEqual(['next']);
  expect(next.id).toBe(`${world.hello.producers[0]?.[0]}:1`);
});

test('no greeting goes out before the logs are known', async () => {
  const browser = aBrowser();
  const release = browser.place.hold('open');
  const world = await aTab(browser, 'tab').settle();
  expect(world.environment.sockets).toHaveLength(0);
  release();
  await world.welcome();
  expect(world.socket.getState().phase).toBe('open');
});

test('storage that can not be opened: said once, stored rejects, and messages are delivered all the same', async () => {
  const browser = aBrowser();
  browser.place.fail('open', new Error('private mode'));
  const world = aTab(browser, 'tab');
  const early = outcomeOf(world.socket.send('early').stored);
  await world.welcome();
  const late = outcomeOf(world.socket.send('late').stored);
  await world.settle();
  expect([early.code, late.code]).toEqual(['STORAGE_UNAVAILABLE', 'STORAGE_UNAVAILABLE']);
  expect(world.events('error')).toMatchObject([{ code: 'STORAGE_UNAVAILABLE', cause: { message: 'private mode' } }]);
  expect(world.sent).toEqual(['early', 'late']);
});

test('storage that fails in the middle: what was stored stays so, the rest rejects', async () => {
  const browser = aBrowser();
  const world = await aTab(browser, 'tab').welcome({ window: { messages: 1, bytes: 1 } });
  const first = world.socket.send(1);
  await first.stored;
  browser.place.fail('append');
  const second = world.socket.send(2);
  await expect(second.stored).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
  await first.stored;
  expect([first.isStored, second.isStored, world.errors]).toEqual([true, false, ['STORAGE_FAILED']]);
  world.wire.receive(['a', 0, 1]);
  await world.settle();
  world.wire.receive(['a', 0, 2]);
  await second.delivered;
  expect(world.events('drop')).toEqual([]);
});

test('a message withdrawn from storage is sent by no later page', async () => {
  const browser = aBrowser();
  const world = await aTab(browser, 'tab').settle();
  const abort = new AbortController();
  const [withdrawn, kept] = [
    world.socket.send('withdrawn', { signal: abort.signal }),
    world.socket.send('kept', { ttlMs: 60_000 }),
  ];
  await kept.stored;
  abort.abort();
  await withdrawn.delivered.catch(() => {});
  expect(withdrawn.error?.code).toBe('ABORTED');
  browser.locks.dropTab('tab');
  const next = await aTab(browser, 'next').welcome();
  expect(next.sent).toEqual(['kept']);
});

test('a signal that aborts while the socket closes makes no promise that a later page breaks', async () => {
  const browser = aBrowser();
  const world = await aTab(browser, 'tab').settle();
  const abort = new AbortController();
  const receipt = world.socket.send(1, { signal: abort.signal });
  await receipt.stored;
  const release = browser.place.hold('replaceSegment');
  browser.place.hold('removeSegments');
  const closed = world.socket.close();
  abort.abort();
  await world.environment.advance(10_000);
  release();
  await closed;
  const isStored = Object.values(browser.place.stored).flat().length > 0;
  expect([isStored, receipt.error?.code]).toEqual([true, 'OUTCOME_UNKNOWN']);
});

test("the server's name for the identity is kept: another one is refused for good", async () => {
  const browser = aBrowser();
  await aTab(browser, 'tab').welcome({ identity: 'peer-alice' });
  const world = await aTab(browser, 'other').welcome({ identity: 'peer-bob' });
  expect(world.socket.getState()).toMatchObject({ phase: 'suspended', error: { code: 'IDENTITY_MISMATCH' } });
});

test('close() of a page that holds adopted messages leaves them to the next page', async () => {
  const browser = aBrowser();
  browser.place.leave('old', [1, 2]);
  const world = await aTab(browser, 'tab').welcome();
  await world.socket.close({ discard: true });
  expect(browser.place.stored).toEqual({ old: [1, 2] });
  expect(world.events('drop')).toEqual([]);
  expect(browser.locks.heldBy('tab')).toEqual([]);
});

test('a message may ask for the disk by itself', async () => {
  const browser = aBrowser();
  const tab = await aTab(browser, 'tab').settle();
  await tab.socket.send('one').stored;
  await tab.socket.send('two', { durability: 'strict' }).stored;
  await tab.socket.send('three').stored;
  expect(browser.place.stricts).toEqual([false, true, false]);
});

test('what the page before left in the urgent lane goes first, though that page is still on its way out', async () => {
  const browser = aBrowser();
  const tabStorage = new Map<string, string>();
  const before = await aTab(browser, 'before', tabStorage).settle();
  before.socket.send('!1', { lane: 'urgent' });
  await before.environment.advance(50);
  const after = await aTab(browser, 'after', tabStorage).welcome();
  const take = async (): Promise<void> => {
    const listed = after.wire.framesOf('producers').splice(-1);
    after.wire.receive(['taken', listed.map(() => [0, []])]);
    await after.settle();
  };
  after.socket.send('!2', { lane: 'urgent' });
  await after.settle();
  await take();
  expect(after.sent).toEqual([]);
  browser.locks.dropTab('before');
  await after.settle();
  await take();
  expect(after.sent).toEqual(['!1']);
  after.wire.receive(['a', 2, 1]);
  await after.settle();
  expect(after.sent).toEqual(['!1', '!2']);
});
