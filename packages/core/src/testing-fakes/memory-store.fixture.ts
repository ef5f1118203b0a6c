import {
  LogLost,
  type ClaimedLog,
  type LogHeader,
  type OutboxStorage,
  type OutboxStore,
  type Segment,
  type StoreInfo,
} from '../storage/ports.ts';

interface KeptLog {
  readonly id: string;
  readonly after: string | null;
  generation: number;
  corrupt: number;
  readonly segments: Map<number, Segment>;
}

/** What a test may hold up or let fail: methods, and `write` by what it does. */
export type StoreCall =
  | Exclude<keyof OutboxStore, 'write'>
  | 'createLog'
  | 'append'
  | 'replaceSegment'
  | 'removeSegments'
  | 'checkLog';

/** What all stores on one place share: the database, so to speak, with its faults. */
export class MemoryPlace {
  clientId: string | null = null;
  peer: string | null = null;
  readonly logs = new Map<string, KeptLog>();
  /** Every call that changed or read something, in order: `append log-1 [3..5]`. */
  readonly calls: string[] = [];
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

  /** Seqs that are stored, by log. */
  get stored(): { [id: string]: number[] } {
    return Object.fromEntries(
      [...this.logs.values()].map(({ id, segments }) => [
        id,
        [...segments.values()]
          .sort(([one], [two]) => one.seq - two.seq)
          .flatMap((segment) => segment.map(({ seq }) => seq)),
      ]),
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
    const place = this.#place;
    place.clientId ??= freshClientId;
    if (peer !== undefined && place.peer !== null && place.peer !== peer) throw new Error('it has another peer');
    place.peer ??= peer ?? null;
    return { clientId: place.clientId, peer: place.peer };
  }

  async listLogs(): Promise<readonly LogHeader[]> {
    await this.#pass('listLogs', 'listLogs');
    return [...this.#place.logs.values()].map(({ id, after, generation }) => ({ id, after, generation }));
  }

  async claimLog(logId: string): Promise<ClaimedLog | null> {
    await this.#pass('claimLog', `claimLog ${logId}`);
    const log = this.#place.logs.get(logId);
    if (log === undefined) return null;
    log.generation += 1;
    const segments = structuredClone([...log.segments.values()].sort(([one], [two]) => one.seq - two.seq));
    return { id: logId, after: log.after, generation: log.generation, corrupt: log.corrupt, segments };
  }

  async write(
    { id, after, generation }: LogHeader,
    removed: readonly number[],
    added: readonly Segment[],
  ): Promise<number> {
    const copies = structuredClone(added);
    await this.#pass(...describeWrite(id, generation, removed, added));
    const { logs } = this.#place;
    const log = logs.get(id) ?? { id, after, generation: 0, corrupt: 0, segments: new Map<number, Segment>() };
    if (log.generation !== generation) throw new LogLost(`${id} at ${generation}`);
    const segments = new Map(log.segments);
    for (const first of removed) segments.delete(first);
    for (const segment of copies) {
      if (segments.has(segment[0].seq)) throw new Error(`there is a segment ${segment[0].seq}`);
      segments.set(segment[0].seq, segment);
    }
    if (segments.size === 0 && log.corrupt === 0) {
      if (logs.delete(id)) this.#place.calls.push(`deleteLog ${id}`);
      return 0;
    }
    const owner = Math.max(1, generation);
    logs.set(id, { ...log, segments, generation: owner });
    return owner;
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
