import type { EncodedPayload } from '../lib/bytes.ts';
import {
  LogLost,
  type ClaimedLog,
  type LogHeader,
  type LogPage,
  type Segment,
  type StoreInfo,
} from '../storage/ports.ts';

/** A log as it is kept. */
export interface KeptLog {
  readonly id: string;
  readonly after: string | null;
  generation: number;
  /** Records that are there and can't be read. */
  corrupt: number;
  /** By the seq of their first message. */
  readonly segments: ReadonlyMap<number, Segment>;
}

/** The content of one outbox store, and what each method of the port does to it: all of it, or nothing. */
export class LogTable {
  info: StoreInfo | null = null;
  readonly logs: Map<string, KeptLog> = new Map();
  /** Messages that make a page. */
  pageMessages = 1_000;

  open(freshClientId: string, peer?: string): StoreInfo {
    const info = this.info ?? { clientId: freshClientId, peer: null };
    if (peer !== undefined && info.peer !== null && info.peer !== peer) throw new Error('it has another peer');
    this.info = { clientId: info.clientId, peer: info.peer ?? peer ?? null };
    return this.info;
  }

  listLogs(): readonly LogHeader[] {
    return [...this.logs.values()].map(({ id, after, generation }) => ({ id, after, generation }));
  }

  claimLog(logId: string): ClaimedLog | null {
    const log = this.logs.get(logId);
    if (log === undefined) return null;
    log.generation += 1;
    const { id, after, generation, corrupt } = log;
    return {
      id,
      after,
      generation,
      lastSeq: inOrder(log).at(-1)?.at(-1)?.seq ?? 0,
      ...pageOf(inOrder(log), this.pageMessages),
      corrupt,
    };
  }

  readLog({ id, generation }: LogHeader, after: number): LogPage {
    const log = this.logs.get(id);
    if (log?.generation !== generation) throw new LogLost(`${id} is at another generation than ${generation}`);
    return pageOf(inOrder(log), this.pageMessages, after);
  }

  /** Keeps `added` itself: the caller copies. */
  write({ id, after, generation }: LogHeader, removed: readonly number[], added: readonly Segment[]): number {
    const log = this.logs.get(id) ?? { id, after, generation: 0, corrupt: 0, segments: new Map<number, Segment>() };
    if (log.generation !== generation) throw new LogLost(`${id} is at generation ${log.generation}, not ${generation}`);
    const segments = new Map(log.segments);
    for (const first of removed) segments.delete(first);
    for (const segment of added) {
      if (segments.has(segment[0].seq)) throw new Error(`there is a segment ${segment[0].seq}`);
      segments.set(segment[0].seq, segment);
    }
    if (segments.size === 0 && log.corrupt === 0) {
      this.logs.delete(id);
      return 0;
    }
    const owner = Math.max(1, generation);
    this.logs.set(id, { ...log, after, segments, generation: owner });
    return owner;
  }

  /** All messages, log by log. */
  get payloads(): readonly EncodedPayload[] {
    return [...this.logs.values()].flatMap((log) => inOrder(log).flatMap((each) => each.map(({ payload }) => payload)));
  }
}

/** Those of a log's segments that make one page: a copy. */
export function pageOf(segments: readonly Segment[], messages: number, after = -1): LogPage {
  const page: Segment[] = [];
  let count = 0;
  for (const segment of segments) {
    if (segment[0].seq <= after) continue;
    if (count >= messages)
      return { segments: structuredClone(page), corrupt: 0, next: page.at(-1)?.at(-1)?.seq ?? null };
    page.push(segment);
    count += segment.length;
  }
  return { segments: structuredClone(page), corrupt: 0, next: null };
}

/** The segments of a log in the order of their seqs. */
export function inOrder({ segments }: KeptLog): readonly Segment[] {
  return [...segments.values()].sort(([one], [two]) => one.seq - two.seq);
}
