import { describe, expect, it } from 'vitest';
import type { EnvironmentFact } from '../environment/ports.ts';
import { createSocket } from '../socket/create-socket.ts';
import { holdfast } from '../socket/protocols.ts';
import { HoldfastServer } from './holdfast-server.ts';
import { outboxStoreConformance } from './outbox-store-conformance.ts';
import type { TestPage } from './page.ts';
import { TestStorage } from './storage.ts';
import { globalClock } from './test-clock.ts';
import { createTestWorld, type TestWorld } from './world.ts';

const URL = 'wss://chat.test/';

function factsOf(page: TestPage): EnvironmentFact[] {
  const facts: EnvironmentFact[] = [];
  page.environment.observe((fact) => facts.push(fact), new AbortController().signal);
  return facts;
}

function start(page: TestPage): ReturnType<typeof createSocket> {
  return createSocket({ url: URL, protocol: holdfast(), outbox: page.outbox(), environment: page.environment });
}

/** A world with a chat server, and one with no handler at all. */
function aChat(): { world: TestWorld; chat: HoldfastServer; server: ReturnType<TestWorld['server']> } {
  const world = createTestWorld();
  const chat = new HoldfastServer();
  return { world, chat, server: world.server(URL, chat) };
}

describe('a page', () => {
  it('tells what happens to it, in order, until nobody listens', async () => {
    const { page, clock } = createTestWorld();
    const controller = new AbortController();
    const facts: EnvironmentFact[] = [];
    page.environment.observe((fact) => facts.push(fact), controller.signal);
    page.hide();
    page.hide();
    page.show();
    page.show();
    page.focus();
    page.offline();
    expect(page.environment.isOnline()).toBe(false);
    page.online();
    page.changeNetwork();
    page.freeze();
    page.freeze();
    page.focus();
    page.resume();
    page.resume();
    page.hide();
    await clock.advance(0);
    const before = ['hidden', 'visible', 'focus', 'offline', 'online', 'network'] as const;
    const expected = [...before, 'frozen', 'resumed', 'focus', 'hidden'];
    expect(facts).toEqual(expected);
    expect(page.held.listeners).toBe(1);
    controller.abort();
    page.focus();
    expect([facts.length, page.held.listeners]).toEqual([expected.length, 0]);
  });

  it('that is hidden says so to who begins to listen', () => {
    const { page } = createTestWorld();
    page.hide();
    expect([page.isHidden, factsOf(page)]).toEqual([true, ['hidden']]);
  });

  it('has timers, turns, frames, chance and clocks of the world', async () => {
    const { page, clock } = createTestWorld({ startMs: 5_000 });
    const { environment } = page;
    const order: string[] = [];
    environment.nextFrame(() => order.push(`frame ${environment.now()}`));
    environment.nextFrame(() => order.push('never'))();
    environment.setTimer(10, () => order.push(`timer ${environment.wallClock()}`));
    environment.setTimer(10, () => order.push('never'))();
    environment.defer(() => order.push('turn'));
    order.push('now');
    expect(page.held.timers).toBe(2);
    await clock.advance(20);
    expect(order).toEqual(['now', 'turn', 'timer 5010', 'frame 16']);
    expect(page.held.timers).toBe(0);
    expect(environment.randomId()).not.toBe(environment.randomId());
    const chance = environment.random();
    expect(chance >= 0 && chance < 1).toBe(true);
  });

  it('stands still while it is frozen: what waited comes when it runs again, after the fact', async () => {
    const { page, clock } = createTestWorld();
    const order: string[] = [];
    page.environment.observe((fact) => order.push(fact), new AbortController().signal);
    page.environment.setTimer(10, () => order.push('first'));
    page.environment.setTimer(20, () => order.push('second'));
    const cancel = page.environment.setTimer(15, () => order.push('never'));
    page.freeze();
    await clock.advance(100);
    expect([order, page.isRunning]).toEqual([['frozen'], false]);
    cancel();
    page.resume();
    await clock.advance(0);
    expect(order).toEqual(['frozen', 'resumed', 'first', 'second']);
  });

  it.each([
    [8_000, []],
    [8_001, ['woke']],
  ])('that sleeps for %i ms hears %j', async (ms, expected) => {
    const { page, clock } = createTestWorld();
    const facts = factsOf(page);
    page.environment.setTimer(5, () => expect(clock.now).toBe(ms));
    page.sleep(ms);
    page.sleep(1);
    await clock.advance(ms - 1);
    expect(page.isRunning).toBe(false);
    await clock.advance(1);
    expect([facts, page.held.timers]).toEqual([expected, 0]);
  });

  it('that is hidden runs timers once a second, then once a minute, and catches up when it is shown', async () => {
    const { page, clock } = createTestWorld();
    const fired: number[] = [];
    const set = (ms: number): void => void page.environment.setTimer(ms, () => fired.push(clock.now));
    set(500);
    page.hide();
    set(1_200);
    page.environment.nextFrame(() => fired.push(clock.now));
    set(300_100);
    set(400_000);
    await clock.advance(2_500);
    expect(fired).toEqual([1_000, 1_000, 2_000]);
    await clock.advance(360_000);
    expect(fired.slice(3)).toEqual([360_000]);
    set(0);
    page.show();
    await clock.advance(0);
    expect(fired.slice(4)).toEqual([362_500]);
    await clock.advance(37_500);
    expect(fired.slice(5)).toEqual([400_000]);
  });

  it('without a network keeps its connections, which go on afterwards, and makes none', async () => {
    const { world, server } = aChat();
    const other = world.openPage();
    const [mine, theirs] = [new world.page.WebSocket(URL, 'holdfast.v1'), new other.WebSocket(URL, 'holdfast.v1')];
    await world.clock.advance(100);
    world.page.offline();
    mine.send('["p",1]');
    theirs.send('["p",2]');
    const failed = new world.page.WebSocket(URL);
    await world.clock.advance(100);
    expect([mine.readyState, failed.readyState, server.messages]).toEqual([1, 3, ['["p",2]']]);
    world.page.online();
    await world.clock.advance(100);
    expect(server.messages).toEqual(['["p",1]', '["p",2]']);
  });

  it('on another network has dead connections that nobody told it of', async () => {
    const { world, server } = aChat();
    const socket = new world.WebSocket(URL, 'holdfast.v1');
    await world.clock.advance(100);
    world.page.changeNetwork();
    world.network.heal();
    socket.send('["p",1]');
    await world.clock.advance(100_000);
    expect([socket.readyState, server.messages]).toEqual([1, []]);
    new world.WebSocket(URL, 'holdfast.v1');
    await world.clock.advance(100);
    expect(server.open).toHaveLength(2);
  });

  it('that is killed says nothing: its server sees 1006, its locks are free, a write on the way is lost', async () => {
    const { world, server } = aChat();
    world.storage.latencyMs = 50;
    const facts = factsOf(world.page);
    const socket = start(world.page);
    await world.clock.until(socket.whenOpen());
    world.network.blackHole('up');
    const { stored } = socket.send('x');
    void stored.then(
      () => expect.fail('it was not stored'),
      () => expect.fail('nobody is there to hear'),
    );
    await world.clock.advance(10);
    const { peer } = server;
    world.page.kill();
    world.page.kill();
    world.network.heal();
    await world.clock.advance(1_000);
    expect(peer.closed?.code).toBe(1006);
    expect([facts, world.storage.messages(), world.page.isRunning]).toEqual([[], [], false]);
    expect(world.page.held).toEqual({ timers: 0, listeners: 0, connections: 0, locks: 0 });
    world.page.environment.setTimer(1, () => expect.fail('it is dead'));
    await world.clock.advance(10);
  });

  it('that is closed ends in order: it hears so, its writes are done, its server sees 1001', async () => {
    const { world, server } = aChat();
    world.storage.latencyMs = 50;
    const facts = factsOf(world.page);
    const socket = start(world.page);
    const native = new world.WebSocket(URL, 'holdfast.v1');
    await world.clock.until(socket.whenOpen());
    socket.send('x');
    await world.clock.advance(0);
    world.page.close();
    await world.clock.advance(1_000);
    expect(native.readyState).toBe(1);
    expect(new Set(server.peers.map(({ closed }) => closed?.code))).toEqual(new Set([1001, 1005]));
    expect([facts, world.storage.messages(), world.page.held.timers]).toEqual([['frozen'], ['x'], 0]);
  });

  it('keeps the storage of its tab over a reload, and shares it with no other tab', () => {
    const world = createTestWorld();
    world.page.environment.tabStorage?.set('a', '1');
    const next = world.page.reload();
    expect(next.name).not.toBe(world.page.name);
    expect([next.environment.tabStorage?.get('a'), world.openPage().environment.tabStorage?.get('a')]).toEqual([
      '1',
      null,
    ]);
  });

  it('may lack locks and the storage of the tab, also after a reload', () => {
    const { page } = createTestWorld({ hasLocks: false, hasTabStorage: false });
    for (const { environment } of [page, page.reload()]) {
      expect([environment.locks, environment.tabStorage]).toEqual([undefined, undefined]);
    }
  });

  it('shares locks with the other pages', async () => {
    const world = createTestWorld();
    const other = world.openPage();
    const ask = (page: TestPage, options = {}): Promise<(() => void) | null> =>
      page.environment.locks?.request('a', options) ?? Promise.resolve(null);
    const release = await world.clock.until(ask(world.page));
    expect(await world.clock.until(ask(other, { ifAvailable: true }))).toBe(null);
    const controller = new AbortController();
    const aborted = ask(other, { signal: controller.signal });
    await world.clock.advance(1);
    controller.abort();
    await expect(world.clock.until(aborted)).rejects.toMatchObject({ name: 'AbortError' });
    await expect(ask(other, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
    const waiting = ask(other);
    await world.clock.advance(1);
    expect([world.page.held.locks, other.held.locks]).toEqual([1, 1]);
    release?.();
    await world.clock.until(waiting);
    const third = ask(world.page);
    await world.clock.advance(1);
    other.kill();
    expect(await world.clock.until(third)).toBeInstanceOf(Function);
  });
});

describe('the storage', () => {
  describe('keeps the word of its port', () => {
    const storage = new TestStorage(globalClock);
    storage.latencyMs = 0;
    const client = { isKilled: false, post: (run: () => void) => run() };
    for (const { name, run } of outboxStoreConformance((place) => storage.connect(place, client))) it(name, run);
  });

  it('aborts the next writes as told, and changes nothing', async () => {
    const { world } = aChat();
    const socket = start(world.page);
    const errors: string[] = [];
    socket.on('error', ({ code }) => errors.push(code));
    await world.clock.until(socket.whenOpen());
    world.network.blackHole();
    world.storage.failNextWrite();
    await expect(world.clock.until(socket.send('x').stored)).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    expect([errors, world.storage.messages()]).toEqual([['STORAGE_FAILED'], []]);
  });

  it.each([
    ['is full', (storage: TestStorage) => void (storage.isFull = true)],
    ['is lost', (storage: TestStorage) => storage.lose()],
  ])('that %s stores nothing, and the message is delivered all the same', async (_, fail) => {
    const { world, chat } = aChat();
    const socket = start(world.page);
    await world.clock.until(socket.whenOpen());
    fail(world.storage);
    const { stored, delivered } = socket.send('x');
    stored.catch(() => {});
    await world.clock.until(delivered);
    await expect(world.clock.until(socket.send('y').stored)).rejects.toBeInstanceOf(Error);
    expect(chat.taken[0]).toBe('x');
    world.storage.heal();
    const next = start(world.page.reload());
    await world.clock.until(next.send('z').stored);
  });

  it('hangs until it heals', async () => {
    const world = createTestWorld();
    world.storage.hang();
    const { stored } = start(world.page).send('x');
    let isStored = false;
    void stored.then(() => {
      isStored = true;
    });
    await world.clock.advance(900);
    expect([isStored, world.storage.messages()]).toEqual([false, []]);
    world.storage.heal();
    await world.clock.until(stored);
    expect(world.storage.messages()).toEqual(['x']);
  });

  it('can be read while it is full, and heals from all that it was told to fail at', async () => {
    const world = createTestWorld();
    const store = world.storage.connect('scope', world.page);
    await world.clock.until(store.open('client'));
    world.storage.isFull = true;
    expect(await world.clock.until(store.listLogs())).toEqual([]);
    await expect(world.clock.until(store.claimLog('a'))).rejects.toMatchObject({ reason: 'full' });
    world.storage.failNextWrite(2);
    await expect(world.clock.until(store.claimLog('a'))).rejects.toMatchObject({ name: 'AbortError' });
    world.storage.heal();
    expect(await world.clock.until(store.claimLog('a'))).toBe(null);
  });

  it('keeps identities apart, and nothing once it is cleared', async () => {
    const world = createTestWorld();
    const { environment } = world.page;
    const ada = createSocket({
      url: URL,
      protocol: holdfast(),
      environment,
      outbox: world.page.outbox({ identity: 'ada' }),
    });
    await world.clock.until(ada.send('hers').stored);
    await world.clock.until(start(world.page).send('of the user').stored);
    expect([world.storage.messages('ada'), world.storage.messages()]).toEqual([['hers'], ['of the user']]);
    world.storage.clear();
    expect([world.storage.messages('ada'), world.storage.messages()]).toEqual([[], []]);
  });

  it('bounds what a page may have waiting', async () => {
    const world = createTestWorld();
    const { environment } = world.page;
    const outbox = world.page.outbox({ maxMessages: 1 });
    const socket = createSocket({ url: URL, protocol: holdfast(), environment, outbox });
    socket.send('x');
    await expect(socket.send('y').delivered).rejects.toMatchObject({ code: 'QUEUE_FULL' });
  });
});
