import {
  LogLost,
  type ClaimedLog,
  type LogPage,
  type OutboxStore,
  type Segment,
  type StoredMessage,
  type StoreInfo,
} from '../storage/ports.ts';
import { type ConformanceCase, equal, rejects } from './check.ts';

/** What a case works with. */
interface Place {
  /** A store, not opened yet, on this place or on another one. */
  create(other?: string): OutboxStore;
  open(): Promise<OutboxStore>;
  /** A store with the log `a`, which has the message 1. */
  openWithLog(): Promise<OutboxStore>;
}

/**
 * What every `OutboxStore` must do, whatever it stores in: for authors of one.
 * @param createStore gives a store, not opened yet, on the place of that name: stores on one place are the tabs and pages
 * of one outbox, a name that is new is a place that is empty.
 */
export function outboxStoreConformance(createStore: (place: string) => OutboxStore): readonly ConformanceCase[] {
  return Object.entries(cases).map(([name, run]) => ({
    name,
    async run() {
      const place = `conformance-${crypto.randomUUID()}`;
      const stores: OutboxStore[] = [];
      const create = (other = ''): OutboxStore => {
        const store = createStore(place + other);
        stores.push(store);
        return store;
      };
      const open = async (): Promise<OutboxStore> => {
        const store = create();
        await store.open('client');
        return store;
      };
      const openWithLog = async (): Promise<OutboxStore> => {
        const store = await open();
        await createLog(store, { id: 'a', after: null }, segment(1));
        return store;
      };
      try {
        await run({ create, open, openWithLog });
      } finally {
        await Promise.all(stores.map((store) => store.close()));
      }
    },
  }));
}

const cases: { readonly [name: string]: (place: Place) => Promise<void> } = {
  'the record of the install is made on the first open, and found by every later one': async ({ create }) => {
    const [first, second] = [create(), create()];
    equal(await first.open('one'), { clientId: 'one', peer: null });
    equal(await second.open('two'), { clientId: 'one', peer: null });
    await Promise.all([first.close(), second.close()]);
    equal(await create().open('three'), { clientId: 'one', peer: null });
  },

  'the record of the install is the same for tabs that open at the same time': async ({ create }) => {
    const infos = await Promise.all(['one', 'two', 'three'].map((id) => create().open(id)));
    equal(new Set(infos.map((info) => info.clientId)).size, 1, 'the number of client ids');
  },

  'the record of the install takes a peer once, and keeps it': async ({ create, open }) => {
    const store = await open();
    await setPeer(store, 'alice at example');
    await setPeer(store, 'alice at example');
    await rejects(setPeer(store, 'bob at example'));
    equal(await create().open('two'), { clientId: 'client', peer: 'alice at example' });
  },

  'the record of the install takes one of two peers that come at the same time': async ({ open }) => {
    const [first, second] = [await open(), await open()];
    const results = await Promise.allSettled([setPeer(first, 'one'), setPeer(second, 'two')]);
    equal(results.map((result) => result.status).sort(), ['fulfilled', 'rejected']);
  },

  'the record of the install belongs to its place': async ({ create, openWithLog }) => {
    const store = await openWithLog();
    await setPeer(store, 'alice');
    const other = create('-other');
    equal(await other.open('elsewhere'), { clientId: 'elsewhere', peer: null });
    equal(await other.listLogs(), []);
  },

  'a log is made at generation 1, with its predecessor and its first segment': async ({ open }) => {
    const store = await open();
    equal(await store.listLogs(), []);
    await createLog(store, { id: 'a', after: null }, segment(1));
    await createLog(store, { id: 'b', after: 'a' }, segment(1, 2, 3));
    const logs = await (await open()).listLogs();
    equal(
      [...logs].sort((one, two) => one.id.localeCompare(two.id)),
      [
        { id: 'a', after: null, generation: 1 },
        { id: 'b', after: 'a', generation: 1 },
      ],
    );
    const page = { segments: [segment(1, 2, 3)], corrupt: 0, next: null };
    equal(await store.claimLog('b'), { id: 'b', after: 'a', generation: 2, lastSeq: 3, ...page });
  },

  'a log is not made twice': async ({ openWithLog }) => {
    const store = await openWithLog();
    await rejects(createLog(store, { id: 'a', after: 'b' }, segment(2)));
    const page = { segments: [segment(1)], corrupt: 0, next: null };
    equal(await store.claimLog('a'), { id: 'a', after: null, generation: 2, lastSeq: 1, ...page });
  },

  'a log gives its segments in the order of seqs, whatever came first': async ({ openWithLog }) => {
    const store = await openWithLog();
    for (const seq of [100, 2, 9, 10, 11]) await append(store, 'a', 1, segment(seq));
    equal(await seqsOf(store), [1, 2, 9, 10, 11, 100]);
  },

  'a log keeps each message as it is': async ({ open, openWithLog }) => {
    const messages: Segment = [
      { seq: 7, payload: '', ttl: null },
      { seq: 8, payload: JSON.stringify({ text: 'å 漢 🐟 \0 \u2028 "' }), ttl: { ms: 0, since: null } },
      { seq: 9, payload: 'x'.repeat(100_000), ttl: { ms: 60_000, since: 1_700_000_000_000.5 } },
      { seq: 10, payload: Uint8Array.of(0, 10, 255), ttl: null },
      { seq: 11, payload: new Uint8Array(0), ttl: null },
    ];
    const store = await openWithLog();
    await append(store, 'a', 1, messages);
    const log = await claim(await open());
    equal(log.segments[1], messages);
    equal(
      log.segments[1]?.map(({ payload }) => payload instanceof Uint8Array),
      [false, false, false, true, true],
      'what is bytes',
    );
    equal(log.corrupt, 0, 'corrupt');
  },

  'a log keeps a copy: what is changed afterwards is not changed in it': async ({ open }) => {
    const store = await open();
    const messages: [StoredMessage, ...StoredMessage[]] = [message(1)];
    await createLog(store, { id: 'a', after: null }, messages);
    messages.push(message(2));
    equal((await claim(store)).segments, [segment(1)]);
  },

  'a log never has a segment written over': async ({ openWithLog }) => {
    const store = await openWithLog();
    await rejects(append(store, 'a', 1, [{ seq: 1, payload: '"other"', ttl: null }]));
    equal((await claim(store)).segments, [segment(1)]);
  },

  'a log gives a rewritten segment the place of the old one': async ({ openWithLog }) => {
    const store = await openWithLog();
    await append(store, 'a', 1, segment(2, 5));
    await append(store, 'a', 1, segment(6));
    await replaceSegment(store, 'a', 1, 2, segment(3, 5));
    equal((await claim(store)).segments, [segment(1), segment(3, 5), segment(6)]);
    await replaceSegment(store, 'a', 2, 3, segment(3));
    equal((await claim(store)).segments, [segment(1), segment(3), segment(6)]);
  },

  'a log takes and loses several segments in one go': async ({ open }) => {
    const store = await open();
    await createLog(store, { id: 'a', after: null }, segment(1, 2), segment(3));
    await store.write({ id: 'a', after: null, generation: 1 }, [1, 3], [segment(2), segment(4), segment(5, 6)]);
    equal((await claim(store)).segments, [segment(2), segment(4), segment(5, 6)]);
  },

  'a write walks what it adds once, as it may be made while it is walked, and may be nothing': async ({ open }) => {
    const store = await open();
    equal(await store.write({ id: 'a', after: null, generation: 0 }, [], walkedOnce()), 0, 'the generation');
    equal(await store.listLogs(), []);
    const made = await store.write({ id: 'a', after: null, generation: 0 }, [], walkedOnce(segment(1), segment(2, 3)));
    equal(made, 1, 'the generation');
    equal((await claim(store)).segments, [segment(1), segment(2, 3)]);
  },

  'a log follows whom the last write names, also one that changes nothing else': async ({ open }) => {
    const store = await open();
    await createLog(store, { id: 'a', after: 'b' }, segment(1));
    for (const [place, after] of ['c', null, 'd'].entries()) {
      const added = place === 1 ? [segment(2)] : [];
      equal(await store.write({ id: 'a', after, generation: 1 }, [], added), 1, 'the generation');
      equal(await store.listLogs(), [{ id: 'a', after, generation: 1 }]);
    }
    equal((await claim(store)).segments, [segment(1), segment(2)]);
  },

  'a log never mixes with another one, however alike their ids are': async ({ open }) => {
    const store = await open();
    const ids = ['', 'a', 'a\0', 'a\0\0', 'a\u0001', 'aa', 'a,1', 'A', 'á', '\uffff', '1', '[]'];
    for (const [index, id] of ids.entries()) {
      await createLog(store, { id, after: null }, segment(index + 1));
      await append(store, id, 1, segment(index + 100));
    }
    for (const [index, id] of ids.entries()) equal(await seqsOf(store, id), [index + 1, index + 100]);
    equal(await removeSegments(store, 'a', 2, [2, 101]), 0);
    for (const [index, id] of ids.entries()) {
      if (id !== 'a') equal(await seqsOf(store, id), [index + 1, index + 100]);
    }
    equal((await store.listLogs()).length, ids.length - 1, 'the number of logs');
  },

  'a log is there for the next page after its store was closed': async ({ open, openWithLog }) => {
    const store = await openWithLog();
    await append(store, 'a', 1, segment(2, 3));
    await store.close();
    equal(await seqsOf(await open()), [1, 2, 3]);
  },

  'a log gives back 10,000 messages in 100 segments': async ({ open }) => {
    const store = await open();
    const segments = Array.from({ length: 100 }, (_, index) => segment(...range(index * 100 + 1, 100)));
    for (const each of segments) {
      await (each[0].seq === 1 ? createLog(store, { id: 'a', after: null }, each) : append(store, 'a', 1, each));
    }
    const log = await claim(await open());
    equal(log.corrupt, 0, 'corrupt');
    equal(log.segments, segments);
  },

  // A store that reads in portions of some size: its edges are where it would lose or double one.
  ...Object.fromEntries(
    [99, 100, 101, 200, 1001].map((count) => [
      `a log gives back ${count} segments`,
      async ({ openWithLog }: Place) => {
        const store = await openWithLog();
        await Promise.all(range(2, count - 1).map((seq) => append(store, 'a', 1, segment(seq))));
        equal(await seqsOf(store), range(1, count));
      },
    ]),
  ),

  'reading a log gives it page by page, each of a bounded size': async ({ open }) => {
    const store = await open();
    const segments = Array.from({ length: 60 }, (_, index) => segment(...range(index * 100 + 1, 100)));
    await createLog(store, { id: 'a', after: null }, ...segments);
    const pages: LogPage[] = [];
    const log = await store.claimLog('a');
    equal(log?.lastSeq, 6_000, 'the last seq');
    for (let page: LogPage | null = log; page !== null && log !== null;) {
      pages.push(page);
      page = page.next === null ? null : await store.readLog(log, page.next);
    }
    equal(
      pages.flatMap((page) => page.segments),
      segments,
    );
    const most = Math.max(...pages.map((page) => page.segments.flat().length));
    if (most > 3_000) throw new Error(`a page of ${most} messages`);
  },

  'reading a log goes on where it was, whatever was added and removed meanwhile': async ({ open }) => {
    const store = await open();
    const segments = Array.from({ length: 5 }, (_, index) => segment(...range(index * 1_000 + 1, 1_000)));
    await createLog(store, { id: 'a', after: null }, ...segments);
    const log = await claimFirstPage(store);
    await removeSegments(store, 'a', 2, [1]);
    await append(store, 'a', 2, segment(5_001));
    const seen = log.segments.flat().map(({ seq }) => seq);
    for (let { next } = log as LogPage; next !== null;) {
      const page: LogPage = await store.readLog(log, next);
      seen.push(...page.segments.flat().map(({ seq }) => seq));
      ({ next } = page);
    }
    equal(seen, range(1, 5_001));
  },

  'reading a log gives nothing twice that was rewritten behind the reader': async ({ open }) => {
    const store = await open();
    await createLog(store, { id: 'a', after: null }, segment(...range(1, 1_000)), segment(...range(1_001, 1_000)));
    await append(store, 'a', 1, segment(2_001));
    const log = await claimFirstPage(store);
    const { next } = log;
    const last = log.segments.at(-1)?.[0].seq ?? 0;
    await replaceSegment(store, 'a', 2, last, segment(next));
    const page = await store.readLog(log, next);
    equal([page.segments[0]?.[0].seq, page.corrupt], [next + 1, 0]);
  },

  'reading a log ends when it has another owner, or is gone': async ({ open }) => {
    const [past, owner] = [await open(), await open()];
    const segments = Array.from({ length: 3 }, (_, index) => segment(...range(index * 1_000 + 1, 1_000)));
    await createLog(past, { id: 'a', after: null }, ...segments);
    const log = await claimFirstPage(past);
    const { next } = log;
    await owner.claimLog('a');
    await rejects(past.readLog(log, next), LogLost);
    await removeSegments(owner, 'a', 3, [1, 1_001, 2_001]);
    await rejects(past.readLog(log, next), LogLost);
    await rejects(owner.readLog({ ...log, generation: 3 }, next), LogLost);
  },

  'removing segments removes those that are named, and no others': async ({ openWithLog }) => {
    const store = await openWithLog();
    await createLog(store, { id: 'b', after: null }, segment(2));
    for (const seq of [2, 3, 4]) await append(store, 'a', 1, segment(seq));
    await removeSegments(store, 'a', 1, [1, 3]);
    equal(await seqsOf(store), [2, 4]);
    equal(await seqsOf(store, 'b'), [2]);
  },

  'removing segments takes no offence at those that are gone, nor at none': async ({ openWithLog }) => {
    const store = await openWithLog();
    await removeSegments(store, 'a', 1, [99]);
    await removeSegments(store, 'a', 1, []);
    equal(await seqsOf(store), [1]);
  },

  'claiming a log raises its generation, each time': async ({ open, openWithLog }) => {
    const store = await openWithLog();
    equal((await claim(store)).generation, 2);
    equal((await claim(await open())).generation, 3);
    equal(await store.listLogs(), [{ id: 'a', after: null, generation: 3 }]);
  },

  'claiming a log gives null for one that is not there, and makes none': async ({ openWithLog }) => {
    const store = await openWithLog();
    equal(await store.claimLog('b'), null);
    equal((await store.listLogs()).length, 1, 'the number of logs');
  },

  'claiming a log gives two that claim at the same time two generations': async ({ open, openWithLog }) => {
    const [first, second] = [await openWithLog(), await open()];
    const both = await Promise.all([claim(first), claim(second)]);
    equal(
      both.map((log) => log.generation).sort((one, two) => one - two),
      [2, 3],
    );
  },

  'claiming a log hears of every write that was told to have succeeded': async ({ open, openWithLog }) => {
    const [owner, adopter] = [await openWithLog(), await open()];
    const writes = range(2, 50).map((seq) =>
      append(owner, 'a', 1, segment(seq)).then(
        () => seq,
        (fault: unknown) => {
          if (!(fault instanceof LogLost)) throw fault;
          return null;
        },
      ),
    );
    await writes[10];
    const log = await claim(adopter);
    const written = (await Promise.all(writes)).filter((seq) => seq !== null);
    equal(
      log.segments.map(([first]) => first.seq),
      [1, ...written],
    );
  },

  ...ofPastOwners({
    append: (store, generation) => append(store, 'a', generation, segment(5)),
    replaceSegment: (store, generation) => replaceSegment(store, 'a', generation, 1, segment(5)),
    removeSegments: (store, generation) => removeSegments(store, 'a', generation, [1]),
    'removeSegments of none': (store, generation) => removeSegments(store, 'a', generation, []),
    'a write of both': (store, generation) => replaceSegment(store, 'a', generation, 1, segment(1)),
  }),

  'an owner of the past does not harm what the present owner does': async ({ open, openWithLog }) => {
    const [past, owner] = [await openWithLog(), await open()];
    await owner.claimLog('a');
    const results = await Promise.allSettled([
      append(past, 'a', 1, segment(2)),
      append(owner, 'a', 2, segment(3)),
      removeSegments(past, 'a', 1, [1]),
      append(owner, 'a', 2, segment(4)),
    ]);
    equal(
      results.map((result) => result.status),
      ['rejected', 'fulfilled', 'rejected', 'fulfilled'],
    );
    equal(await seqsOf(owner), [1, 3, 4]);
  },

  'deleting a log comes with the last message in it': async ({ openWithLog }) => {
    const store = await openWithLog();
    await createLog(store, { id: 'b', after: 'a' }, segment(1));
    await append(store, 'a', 1, segment(2));
    equal(await removeSegments(store, 'a', 1, [1]), 1, 'the generation');
    equal(await removeSegments(store, 'a', 1, [2]), 0, 'the generation');
    equal(await store.listLogs(), [{ id: 'b', after: 'a', generation: 1 }]);
    equal(await store.claimLog('a'), null);
  },

  'deleting a log does not come while a message comes': async ({ openWithLog }) => {
    const store = await openWithLog();
    equal(await store.write({ id: 'a', after: null, generation: 1 }, [1], [segment(2)]), 1, 'the generation');
    equal(await seqsOf(store), [2]);
  },

  'deleting a log leaves one with a message as it is': async ({ openWithLog }) => {
    const store = await openWithLog();
    equal(await removeSegments(store, 'a', 1, []), 1, 'the generation');
    await append(store, 'a', 1, segment(2));
    equal(await seqsOf(store), [1, 2]);
  },

  'deleting a log may be followed by making it anew': async ({ openWithLog }) => {
    const store = await openWithLog();
    await removeSegments(store, 'a', 1, [1]);
    equal(await createLog(store, { id: 'a', after: null }, segment(2)), 1, 'the generation');
    equal(await seqsOf(store), [2]);
  },

  'deleting a log never deletes one that an append has just been told to be in': async ({ open, openWithLog }) => {
    const [store, other] = [await openWithLog(), await open()];
    const [add, remove] = await Promise.allSettled([
      append(store, 'a', 1, segment(2)),
      removeSegments(other, 'a', 1, [1]),
    ]);
    const log = await store.claimLog('a');
    if (add.status === 'fulfilled') equal(log?.segments, [segment(2)]);
    else equal([log, remove], [null, { status: 'fulfilled', value: 0 }]);
  },

  'closing ends every method, and may be done twice': async ({ open, openWithLog }) => {
    const store = await openWithLog();
    await store.close();
    await store.close();
    const calls = [
      store.open('client'),
      setPeer(store, 'alice'),
      store.listLogs(),
      createLog(store, { id: 'b', after: null }, segment(1)),
      append(store, 'a', 1, segment(2)),
      replaceSegment(store, 'a', 1, 1, segment(2)),
      removeSegments(store, 'a', 1, [1]),
      store.claimLog('a'),
      store.readLog({ id: 'a', after: null, generation: 1 }, 1),
    ];
    await Promise.all(calls.map((call) => rejects(call)));
    const next = await open();
    equal(await next.listLogs(), [{ id: 'a', after: null, generation: 1 }]);
    equal(await seqsOf(next), [1]);
  },

  'closing may be done before opening': async ({ create }) => {
    const store = create();
    await store.close();
    await rejects(store.open('client'));
  },

  'closing leaves a write on the way whole: either told and there, or neither': async ({ open, openWithLog }) => {
    const store = await openWithLog();
    const write = append(store, 'a', 1, segment(2)).then(
      () => [1, 2],
      () => [1],
    );
    await store.close();
    equal(await seqsOf(await open()), await write);
  },

  'closing does not touch the other stores on its place': async ({ open, openWithLog }) => {
    const [store, other] = [await openWithLog(), await open()];
    await store.close();
    await append(other, 'a', 1, segment(2));
    equal(await seqsOf(other), [1, 2]);
  },
};

function ofPastOwners(calls: {
  readonly [name: string]: (store: OutboxStore, generation: number) => Promise<unknown>;
}): typeof cases {
  return Object.fromEntries(
    Object.entries(calls).flatMap(([name, call]) => [
      [
        `an owner of the past changes nothing any more: ${name}`,
        async ({ open, openWithLog }: Place) => {
          const [past, owner] = [await openWithLog(), await open()];
          await owner.claimLog('a');
          await rejects(call(past, 1), LogLost);
          await rejects(call(past, 3), LogLost);
          equal(await past.listLogs(), [{ id: 'a', after: null, generation: 2 }]);
          equal(await seqsOf(owner), [1]);
        },
      ],
      [
        `an owner of the past is told when the log is gone: ${name}`,
        async ({ open, openWithLog }: Place) => {
          const [past, owner] = [await openWithLog(), await open()];
          await removeSegments(owner, 'a', 1, [1]);
          await rejects(call(past, 1), LogLost);
          equal(await past.listLogs(), []);
          await createLog(owner, { id: 'a', after: null }, segment(9));
          equal(await seqsOf(owner), [9]);
        },
      ],
    ]),
  );
}

// What a write is for, by name.

export function setPeer(store: OutboxStore, peer: string): Promise<StoreInfo> {
  return store.open('a client that knows who it is', peer);
}

export function createLog(
  store: OutboxStore,
  { id, after }: { readonly id: string; readonly after: string | null },
  ...segments: readonly Segment[]
): Promise<number> {
  return store.write({ id, after, generation: 0 }, [], segments);
}

export function append(store: OutboxStore, id: string, generation: number, ...segments: Segment[]): Promise<number> {
  return store.write({ id, after: null, generation }, [], segments);
}

export function replaceSegment(
  store: OutboxStore,
  id: string,
  generation: number,
  first: number,
  by: Segment,
): Promise<number> {
  return store.write({ id, after: null, generation }, [first], [by]);
}

export function removeSegments(
  store: OutboxStore,
  id: string,
  generation: number,
  firsts: readonly number[],
): Promise<number> {
  return store.write({ id, after: null, generation }, firsts, []);
}

function* walkedOnce(...segments: readonly Segment[]): Generator<Segment> {
  yield* segments;
}

export function message(seq: number): StoredMessage {
  return { seq, payload: JSON.stringify({ text: `message ${seq}` }), ttl: null };
}

/** A segment of the messages with these seqs, in rising order. */
export function segment(...seqs: readonly number[]): Segment {
  const [first, ...rest] = seqs.map(message);
  if (first === undefined) throw new Error('a segment has a message at least');
  return [first, ...rest];
}

/** The log with all of its pages as one. */
export async function claim(store: OutboxStore, logId = 'a'): Promise<ClaimedLog> {
  const log = await store.claimLog(logId);
  if (log === null) throw new Error(`the log ${logId} is gone`);
  const segments = [...log.segments];
  let { corrupt, next } = log;
  while (next !== null) {
    const page = await store.readLog(log, next);
    segments.push(...page.segments);
    corrupt += page.corrupt;
    ({ next } = page);
  }
  return { ...log, segments, corrupt, next };
}

async function claimFirstPage(store: OutboxStore): Promise<ClaimedLog & { readonly next: number }> {
  const log = await store.claimLog('a');
  if (log === null || log.next === null) throw new Error('the log must have more than one page');
  return { ...log, next: log.next };
}

async function seqsOf(store: OutboxStore, logId = 'a'): Promise<readonly number[]> {
  return (await claim(store, logId)).segments.flatMap((each) => each.map(({ seq }) => seq));
}

function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}
