import {
  LogLost,
  type ClaimedLog,
  type LogHeader,
  type NewLog,
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

export type StoreMethod = keyof OutboxStore;

/** What all stores on one place share: the database, so to speak, with its faults. */
export class MemoryPlace {
  clientId: string | null = null;
  peer: string | null = null;
  readonly logs = new Map<string, KeptLog>();
  /** Every call that changed or read something, in order: `append log-1 [3..5]`. */
  readonly calls: string[] = [];
  readonly #failing = new Map<StoreMethod, unknown>();
  readonly #gates = new Map<StoreMethod, Promise<void>>();

  /** Every later call of `method` rejects with `cause`. */
  fail(method: StoreMethod, cause: unknown = new Error(`${method} failed`)): void {
    this.#failing.set(method, cause);
  }

  /** Every later call of `method` waits until the function that this returns is called. */
  hold(method: StoreMethod): () => void {
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

  async pass(method: StoreMethod, call: string): Promise<void> {
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
          .sort((one, two) => one.first - two.first)
          .flatMap(({ messages }) => messages.map(({ seq }) => seq)),
      ]),
    );
  }

  /** Calls of one method. */
  callsOf(method: StoreMethod): string[] {
    return this.calls.filter((call) => call.startsWith(`${method} `));
  }

  /** A log as a page that is gone left it. */
  leave(id: string, seqs: readonly number[], after: string | null = null): void {
    const messages = seqs.map((seq) => ({ seq, payload: JSON.stringify(`${id}:${seq}`), ttl: null }));
    const first = seqs[0] ?? 0;
    const segments = new Map(seqs.length === 0 ? [] : [[first, { first, last: seqs.at(-1) ?? first, messages }]]);
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

  async open(freshClientId: string): Promise<StoreInfo> {
    await this.#pass('open', 'open');
    this.#place.clientId ??= freshClientId;
    return { clientId: this.#place.clientId, peer: this.#place.peer };
  }

  async setPeer(peer: string): Promise<void> {
    await this.#pass('setPeer', `setPeer ${peer}`);
    if (this.#place.peer !== null && this.#place.peer !== peer) throw new Error('it has another peer');
    this.#place.peer = peer;
  }

  async listLogs(): Promise<readonly LogHeader[]> {
    await this.#pass('listLogs', 'listLogs');
    return [...this.#place.logs.values()].map(({ id, after, generation }) => ({ id, after, generation }));
  }

  async createLog({ id, after }: NewLog, segment: Segment): Promise<void> {
    await this.#pass('createLog', `createLog ${id} [${segment.first}..${segment.last}]`);
    if (this.#place.logs.has(id)) throw new Error(`there is a log ${id}`);
    this.#place.logs.set(id, {
      id,
      after,
      generation: 1,
      corrupt: 0,
      segments: new Map([[segment.first, copy(segment)]]),
    });
  }

  async append(logId: string, generation: number, segment: Segment): Promise<void> {
    await this.#pass('append', `append ${logId} [${segment.first}..${segment.last}]`);
    const { segments } = this.#owned(logId, generation);
    if (segments.has(segment.first)) throw new Error(`there is a segment ${segment.first}`);
    segments.set(segment.first, copy(segment));
  }

  async replaceSegment(logId: string, generation: number, first: number, segment: Segment): Promise<void> {
    await this.#pass('replaceSegment', `replaceSegment ${logId} ${first} by [${segment.first}..${segment.last}]`);
    const { segments } = this.#owned(logId, generation);
    segments.delete(first);
    segments.set(segment.first, copy(segment));
  }

  async removeSegments(logId: string, generation: number, firsts: readonly number[]): Promise<void> {
    await this.#pass('removeSegments', `removeSegments ${logId} ${firsts.join(' ')}`);
    const { segments } = this.#owned(logId, generation);
    for (const first of firsts) segments.delete(first);
  }

  async claimLog(logId: string, expected?: number): Promise<ClaimedLog | null> {
    await this.#pass('claimLog', `claimLog ${logId}`);
    const log = this.#place.logs.get(logId);
    if (log === undefined || (expected !== undefined && log.generation !== expected)) return null;
    log.generation += 1;
    const segments = [...log.segments.values()].sort((one, two) => one.first - two.first).map(copy);
    return { id: logId, after: log.after, generation: log.generation, corrupt: log.corrupt, segments };
  }

  async deleteLog(logId: string, generation: number, discard = false): Promise<boolean> {
    await this.#pass('deleteLog', `deleteLog ${logId}${discard ? ' discard' : ''}`);
    const { segments, corrupt } = this.#owned(logId, generation);
    if (!discard && (segments.size > 0 || corrupt > 0)) return false;
    return this.#place.logs.delete(logId);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#place.pass('close', 'close');
  }

  async #pass(method: StoreMethod, call: string): Promise<void> {
    if (this.#isClosed) throw new Error('the store is closed');
    await this.#place.pass(method, call);
    if (this.#isClosed) throw new Error('the store was closed');
  }

  #owned(logId: string, generation: number): KeptLog {
    const log = this.#place.logs.get(logId);
    if (log === undefined || log.generation !== generation) throw new LogLost(`${logId} at ${generation}`);
    return log;
  }
}

/** What `storedOutbox` takes, on this place. */
export function memoryStorage(place: MemoryPlace, maxMessages = 1_000): OutboxStorage & { lose(cause: unknown): void } {
  let lose = (_cause: unknown): void => {};
  return {
    maxMessages,
    scope: 'test:alice',
    createStore(onLost) {
      lose = onLost;
      return new MemoryStore(place);
    },
    lose: (cause) => lose(cause),
  };
}

function copy(segment: Segment): Segment {
  return structuredClone(segment);
}
