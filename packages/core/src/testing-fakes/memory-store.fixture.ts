import type {
  ClaimedLog,
  LogHeader,
  LogPage,
  OutboxStorage,
  OutboxStore,
  Segment,
  StoreInfo,
} from '../storage/ports.ts';
import { inOrder, LogTable } from '../testing/log-table.ts';

/** What a test may hold up or let fail: methods, and `write` by what it does. */
export type StoreCall =
  | Exclude<keyof OutboxStore, 'write'>
  | 'createLog'
  | 'append'
  | 'replaceSegment'
  | 'removeSegments'
  | 'checkLog';

/** What all stores on one place share: the database, so to speak, with its faults. */
export class MemoryPlace extends LogTable {
  /** Every call that changed or read something, in order: `append log-1 [3..5]`. */
  readonly calls: string[] = [];
  /** Of each write whether it was to be strict. */
  readonly stricts: boolean[] = [];
  readonly #failing = new Map<StoreCall, unknown>();
  readonly #gates = new Map<StoreCall, Promise<void>>();

  /** Every later call of `method` rejects with `cause`. */
  fail(method: StoreCall, cause: unknown = new Error(`${method} failed`)): void {
    this.#failing.set(method, cause);
  }

  /** Nothing fails any more. */
  mend(): void {
    this.#failing.clear();
  }

  /** Every later call of `method` waits until the function that this returns is called. */
  hold(method: StoreCall): () => void {
    let open = (): void => {};
    this.#gates.set(
      method,
      new Promise((resolve) => {
        open = resolve;
      }),
    );
    return () => {
      this.#gates.delete(method);
      open();
    };
  }

  async pass(method: StoreCall, call: string): Promise<void> {
    await this.#gates.get(method);
    if (this.#failing.has(method)) throw this.#failing.get(method);
    this.calls.push(call);
  }

  get clientId(): string | null {
    return this.info?.clientId ?? null;
  }

  /** Seqs that are stored, by log. */
  get stored(): { [id: string]: number[] } {
    return Object.fromEntries(
      [...this.logs.values()].map((log) => [log.id, inOrder(log).flatMap((each) => each.map(({ seq }) => seq))]),
    );
  }

  /** Calls of one method. */
  callsOf(method: StoreCall): string[] {
    return this.calls.filter((call) => call.startsWith(`${method} `));
  }

  /** A log as a page that is gone left it. */
  leave(id: string, seqs: readonly number[], after: string | null = null): void {
    const [first, ...rest] = seqs.map((seq) => ({ seq, payload: JSON.stringify(`${id}:${seq}`), ttl: null }));
    const segments = new Map<number, Segment>(first === undefined ? [] : [[first.seq, [first, ...rest]]]);
    this.logs.set(id, { id, after, generation: 1, corrupt: 0, segments });
  }
}

/** An OutboxStore in memory: what the conformance suite asks for, and nothing that lasts. */
export class MemoryStore implements OutboxStore {
  readonly #place: MemoryPlace;
  #isClosed = false;

  constructor(place: MemoryPlace) {
    this.#place = place;
  }

  async open(freshClientId: string, peer?: string): Promise<StoreInfo> {
    await this.#pass('open', peer === undefined ? 'open' : `open ${peer}`);
    return this.#place.open(freshClientId, peer);
  }

  async listLogs(): Promise<readonly LogHeader[]> {
    await this.#pass('listLogs', 'listLogs');
    return this.#place.listLogs();
  }

  async claimLog(logId: string): Promise<ClaimedLog | null> {
    await this.#pass('claimLog', `claimLog ${logId}`);
    return this.#place.claimLog(logId);
  }

  async readLog(log: LogHeader, after: number): Promise<LogPage> {
    await this.#pass('readLog', `readLog ${log.id} after ${after}`);
    return this.#place.readLog(log, after);
  }

  async write(log: LogHeader, removed: readonly number[], added: Iterable<Segment>, isStrict = false): Promise<number> {
    this.#place.stricts.push(isStrict);
    const copies = structuredClone([...added]);
    await this.#pass(...describeWrite(log.id, log.generation, removed, copies));
    const wasThere = this.#place.logs.has(log.id);
    const generation = this.#place.write(log, removed, copies);
    if (wasThere && generation === 0) this.#place.calls.push(`deleteLog ${log.id}`);
    return generation;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#place.pass('close', 'close');
  }

  async #pass(method: StoreCall, call: string): Promise<void> {
    if (this.#isClosed) throw new Error('the store is closed');
    await this.#place.pass(method, call);
    if (this.#isClosed) throw new Error('the store was closed');
  }
}

/** What a write is called in the list of calls. */
function describeWrite(
  id: string,
  generation: number,
  removed: readonly number[],
  added: readonly Segment[],
): [call: StoreCall, text: string] {
  const firsts = removed.map((first) => ` ${first}`).join('');
  const ranges = added.map((segment) => ` [${segment[0].seq}..${segment.at(-1)?.seq}]`).join('');
  if (generation === 0) return ['createLog', `createLog ${id}${ranges}`];
  if (ranges === '' && firsts === '') return ['checkLog', `checkLog ${id}`];
  if (ranges === '') return ['removeSegments', `removeSegments ${id}${firsts}`];
  if (firsts === '') return ['append', `append ${id}${ranges}`];
  return ['replaceSegment', `replaceSegment ${id}${firsts} by${ranges}`];
}

/** What `storedOutbox` takes, on this place. */
export function memoryStorage(place: MemoryPlace, maxMessages = 1_000): OutboxStorage {
  return { maxMessages, scope: 'test:alice', createStore: () => new MemoryStore(place) };
}
