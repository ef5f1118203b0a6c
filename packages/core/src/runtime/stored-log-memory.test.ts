import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { anEntry } from '../machines/outbox.fixture.ts';
import { Listing } from '../machines/listing.ts';
import { ProducerLog, type Entry } from '../machines/producer-log.ts';
import type { OutboxStore, Segment } from '../storage/ports.ts';
import { FakeEnvironment } from '../testing-fakes/fake-environment.fixture.ts';
import { storedLog, type StoredLog } from './stored-log.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** A log, and a store that holds on to all that it was ever given, as a database does until its objects are collected. */
function aLog() {
  const given: Iterable<Segment>[] = [];
  const store = {
    async write(_header: unknown, _removed: unknown, added: Iterable<Segment>) {
      given.push(added);
      for (const segment of added) expect(segment.length).toBeGreaterThan(0);
      return 1;
    },
  } as unknown as OutboxStore;
  const log = new ProducerLog('a', (entry) => copy.settled(entry));
  const copy: StoredLog = storedLog(log, {
    environment: new FakeEnvironment(),
    write: async () => {},
    read: () => {},
    onCreate: () => {},
    onStored: (entry) => {
      entry.isStored = true;
    },
  });
  const write = (): Promise<boolean> => copy.write(store, false, false);
  return { given, log, copy, write };
}

type Scene = ReturnType<typeof aLog>;

function send({ log, copy }: Scene): Entry {
  const entry = anEntry();
  log.append(entry);
  copy.added(entry, false);
  return entry;
}

test.each([
  ['written', async () => {}],
  [
    'written, taken out to be sent, and written again',
    async ({ copy, write }: Scene, entry: Entry) => {
      copy.release(entry);
      await write();
      copy.retain();
      await write();
    },
  ],
])('a message that was %s leaves memory once it is settled, whatever the store holds on to', async (_, happens) => {
  const scene = aLog();
  const sent = await (async () => {
    const entry = send(scene);
    await scene.write();
    await happens(scene, entry);
    return new WeakRef(entry);
  })();
  new Listing(scene.log, 0).begin([1, []]);
  await scene.write();
  await setImmediate();
  collectGarbage();
  expect(scene.given.length).toBeGreaterThan(0);
  expect(sent.deref()).toBeUndefined();
});

test('messages that are stored together leave memory once all are settled, before their record is deleted', async () => {
  const scene = aLog();
  const sent = await (async () => {
    const entries = [send(scene), send(scene)];
    await scene.write();
    return entries.map((entry) => new WeakRef(entry));
  })();
  const left = (): number => sent.filter((entry) => entry.deref() !== undefined).length;
  const listing = new Listing(scene.log, 0);
  listing.begin([1, []]);
  await setImmediate();
  collectGarbage();
  expect(left()).toBe(2);
  listing.begin([2, []]);
  await setImmediate();
  collectGarbage();
  expect(left()).toBe(0);
});
