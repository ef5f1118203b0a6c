import { expect, test } from 'vitest';
import { createSocket, plain, type Socket } from '../index.ts';
import { createTestWorld, type TestPage } from '../testing.ts';

const URL = 'wss://plain.test/';
/** At most once, the default. */
function aSocket(page: TestPage, onConnect = (): void => {}): Socket {
  return createSocket({
    url: URL,
    onConnect,
    protocol: plain({}),
    outbox: page.outbox(),
    environment: page.environment,
  });
}

test.each([
  ['own', 'freeze'],
  ['adopted', 'freeze'],
  ['own', 'close'],
  ['adopted', 'close'],
] as const)(
  'at most once: what waits behind a full network when the page freezes is stored again: %s log, %s',
  async (whose, how) => {
    const world = createTestWorld();
    const { clock, network, storage } = world;
    const got: number[] = [];
    let isStuck = false;
    const stick = (): void => void (isStuck && network.blackHole('up'));
    world.server(URL, {
      onMessage: (_peer, data) => void got.push((JSON.parse(data as string) as { n: number }).n),
    });
    network.refuse();
    const first = aSocket(world.page, stick);
    const numbers = Array.from({ length: 20 }, (_, index) => index + 1);
    for (const n of numbers) first.send({ n, x: 'x'.repeat(100_000) });
    await clock.until(() => storage.messages().length === 20);
    let page = world.page;
    let socket = first;
    if (whose === 'adopted') {
      page.kill();
      page = world.openPage();
      socket = aSocket(page, stick);
      await clock.until(() => socket.outbox.list().length === 20);
      await clock.advance(5_000);
    }
    network.heal();
    isStuck = true;
    socket.reconnect();
    await clock.until(() => socket.getState().phase === 'open');
    await clock.advance(1_000);
    const onTheWire = socket.outbox.list().filter(({ status }) => status === 'inFlight').length;
    expect(onTheWire).toBeGreaterThan(2);
    if (how === 'close') await clock.until(socket.close());
    else page.freeze();
    await clock.advance(1_000);
    page.kill();
    network.heal();
    isStuck = false;
    const next = aSocket(world.openPage());
    await clock.advance(60_000);
    expect([...new Set(got)]).toEqual(got);
    expect(numbers.slice(onTheWire).filter((n) => !got.includes(n))).toEqual([]);
    await clock.until(next.close());
  },
);

test('at most once: an adopted log that is stored again does not take the place of the own log in the tab', async () => {
  const world = createTestWorld();
  const { clock, network, storage } = world;
  world.server(URL, {});
  network.refuse();
  const first = aSocket(world.page);
  for (const number of [1, 2, 3]) first.send(number);
  await clock.until(() => storage.messages().length === 3);
  world.page.kill();
  const page = world.openPage();
  const socket = aSocket(page);
  await clock.until(() => socket.outbox.list().length === 3);
  await clock.advance(1_000);
  const own = socket.send(4);
  await clock.until(own.stored);
  storage.latencyMs = 200;
  network.heal();
  socket.reconnect();
  await clock.until(() => socket.getState().phase === 'open');
  await clock.advance(50);
  network.refuse();
  network.cut();
  await clock.advance(3_000);
  expect(storage.messages()).toHaveLength(4);
  expect(
    page.environment.tabStorage
      ?.get(`${page.outbox().scope ?? ''}:log`)
      ?.split(' ')
      .at(-1),
  ).toBe(own.id.split(':')[0]);
  await clock.until(socket.close());
});
