import type { Receipt } from '../../packages/core/src/socket/types.ts';
import { MailBook } from './mail.ts';
import type { Page } from './page.ts';
import { jsonOf, textOf, type Data } from './payloads.ts';

/** What the app gave to `send`, and what it was told about it. */
export interface Sent {
  /** The world's own number of the message: its payload. */
  readonly label: number;
  readonly tab: string;
  readonly page: Page;
  readonly at: number;
  readonly ttlMs: number | null;
  readonly receipt: Receipt;
  /** Of its payload on the wire. */
  readonly bytes: number;
  /** When `stored` resolved; null: it didn't, or nobody asked. */
  storedAt: number | null;
  /** What the receipt came to: null while it is open, 'delivered', or the code of its error. */
  outcome: string | null;
  /** Whether it was ever in storage. */
  wasStored: boolean;
  /** Whether a `drop` event has told of it. */
  isDropTold: boolean;
  /** The storage lost it: it may still be in memory. */
  isLost: boolean;
  /** Whether the app has withdrawn it. */
  isAborted: boolean;
  /** Whether its page's close() asked to discard what is stored. */
  isDiscarded: boolean;
  /** Counts what breaks a tab's order: messages of one chain reach the handler in the order of the calls. */
  readonly chain: number;
}

/** One run of the server's handler. */
export interface Run {
  /** Counts all runs of the world. */
  readonly order: number;
  readonly label: number;
  readonly id: string;
  readonly producer: string;
  readonly seq: number;
  readonly isMarked: boolean;
  readonly startedAt: number;
  /** `done`: it took the message. `killed`: its process died meanwhile. */
  outcome: 'running' | 'done' | 'refused' | 'thrown' | 'killed';
  /** Whether the app's effect has happened. */
  hasEffect: boolean;
}

/** What is known of one producer, from the wire and the handler. */
export interface ProducerFacts {
  readonly id: string;
  /** Payload text by seq, as first written to any wire. */
  readonly payloads: Map<number, string>;
  readonly settled: Map<number, 'taken' | 'refused' | 'withdrawn'>;
  /** Everything up to here counts as settled, by its owner's word. */
  floor: number;
  /** Highest position that a client was told. */
  told: number;
  running: Run | null;
}

/** All that the world knows of messages, kept apart from what either end believes. */
export class Ledger {
  readonly sent = new Map<number, Sent>();
  readonly runs = new Map<number, Run[]>();
  readonly producers = new Map<string, ProducerFacts>();
  /** By label: how often its frame was written to a socket that was open, and by which pages. */
  readonly written = new Map<number, { count: number; readonly pages: Set<Page> }>();
  /** Sessions that the server's app has closed: what was on its way is lost by its wish. */
  readonly ended = new Set<string>();
  /** What the server's app sent to its user. */
  readonly mail = new MailBook();
  /** Labels of messages that end every connection that carries them, before the server has read them. */
  readonly poison = new Set<number>();
  #labels = 0;
  #runs = 0;

  nextLabel(): number {
    this.#labels += 1;
    return this.#labels;
  }

  nextRun(): number {
    this.#runs += 1;
    return this.#runs;
  }

  addRun(run: Run): void {
    const runs = this.runs.get(run.label);
    if (runs === undefined) this.runs.set(run.label, [run]);
    else runs.push(run);
  }

  producer(id: string): ProducerFacts {
    let facts = this.producers.get(id);
    if (facts === undefined) {
      facts = { id, payloads: new Map(), settled: new Map(), floor: 0, told: 0, running: null };
      this.producers.set(id, facts);
    }
    return facts;
  }

  runsOf(label: number): readonly Run[] {
    return this.runs.get(label) ?? [];
  }

  /** Whether the app was told that nobody can know: it withdrew what a failed storage may still have. */
  isInDoubt(label: number): boolean {
    return this.sent.get(label)?.receipt.error?.code === 'OUTCOME_UNKNOWN';
  }

  /** Whether the app was told that it never will run. A page that dies before it could tell has promised nothing. */
  isWithdrawn(label: number): boolean {
    const code = this.sent.get(label)?.receipt.error?.code;
    return code === 'EXPIRED' || code === 'ABORTED' || code === 'QUEUE_FULL';
  }

  /** Whether a WebSocket message has a poisonous one in it. */
  isPoisonous(data: Data): boolean {
    if (this.poison.size === 0) return false;
    return [...textOf(data).matchAll(/"label":(\d+)/g)].some(([, label]) => this.poison.has(Number(label)));
  }

  hasTaken(label: number): boolean {
    return this.runsOf(label).some((run) => run.outcome === 'done' || run.hasEffect);
  }
}

/** The label in a payload of the world. */
export function labelOf(data: unknown): number {
  const label = (jsonOf(data) as { readonly label?: unknown } | null)?.label;
  if (typeof label !== 'number') throw new Error(`a payload that the world never made: ${JSON.stringify(data)}`);
  return label;
}
