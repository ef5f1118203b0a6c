import type { Ledger } from './ledger.ts';
import { labelOf } from './ledger.ts';
import type { Link, LinkWatcher } from './network.ts';
import { count } from '../coverage.ts';
import type { Page } from './page.ts';
import type { Data } from './payloads.ts';
import type { Trace } from './trace.ts';

/** What the world read on one link. */
export interface LinkFacts {
  readonly link: Link;
  readonly page: Page;
  /** Producers by index, as this connection listed them. */
  readonly producers: string[];
  n: number;
  session: string | null;
  epoch: string | null;
  /** The last token that the page gave here. */
  token: string | null;
  isWelcomed: boolean;
  welcomedAt: number;
  /** The last seq of each index that the page wrote. */
  readonly wrote: Map<number, number>;
  /** Highest position that the server acknowledged here, by index. */
  readonly acked: Map<number, number>;
  /** A ping of the page that nothing has answered yet: how long the page had run, and how often it had stood still. */
  ping: { readonly at: number; readonly ranMs: number; readonly stops: number } | null;
  /** The server's ping, likewise. */
  serverPingAt: number | null;
  /** How the server ended it. */
  serverCode: number | null | undefined;
}

export interface TapReport {
  /** Something that must never happen. */
  fault(invariant: string, text: string): void;
  welcomed(facts: LinkFacts, welcome: WelcomeFrame): void;
  clientGaveUp(facts: LinkFacts, code: number): void;
  serverGaveUp(facts: LinkFacts, code: number | null): void;
}

export interface WelcomeFrame {
  readonly session: string;
  readonly epoch: string;
  readonly offset: number;
  readonly resumed: boolean;
  /** A hash. */
  readonly identity: string;
  readonly taken: readonly (readonly [number, readonly (readonly [number, unknown])[]] | null)[];
  readonly lost?: { readonly reason: string; readonly from: number; readonly to: number | null };
}

type Claim = readonly [id: string, firstUnsettled: number, nextSeq: number, maybeSent: number];

/**
 * Reads the wire by itself, with none of the project's codec, so that it can't share a mistake with it. What the page
 * writes counts as soon as the browser has it; what the server writes, when the page gets it.
 */
export class Tap implements LinkWatcher {
  readonly #ledger: Ledger;
  readonly #trace: Trace;
  readonly #report: TapReport;
  readonly #now: () => number;
  readonly facts = new Map<Link, LinkFacts>();
  /** Highest `n` that each page has said. */
  readonly #hellos = new Map<Page, number>();

  constructor(ledger: Ledger, trace: Trace, now: () => number, report: TapReport) {
    this.#ledger = ledger;
    this.#trace = trace;
    this.#now = now;
    this.#report = report;
  }

  of(link: Link): LinkFacts {
    let facts = this.facts.get(link);
    if (facts === undefined) {
      facts = {
        link,
        page: link.owner as Page,
        producers: [],
        n: 0,
        session: null,
        epoch: null,
        token: null,
        isWelcomed: false,
        welcomedAt: 0,
        wrote: new Map(),
        acked: new Map(),
        ping: null,
        serverPingAt: null,
        serverCode: undefined,
      };
      this.facts.set(link, facts);
    }
    return facts;
  }

  opened(link: Link): void {
    this.#trace.add(link.owner.name, `#${link.id} open`);
  }

  clientClosed(link: Link, code: number, reason: string): void {
    this.#trace.add(link.owner.name, `#${link.id} closed by the page ${code} ${reason}`);
    this.#report.clientGaveUp(this.of(link), code);
  }

  serverClosed(link: Link, code: number | null, reason: string): void {
    this.#trace.add('server', `#${link.id} ${code === null ? 'terminated' : `closed ${code} ${reason}`}`);
    const facts = this.of(link);
    facts.serverCode = code;
    this.#report.serverGaveUp(facts, code);
  }

  up(link: Link, data: Data): void {
    const facts = this.of(link);
    facts.serverPingAt = null;
    for (const frame of this.#frames(link, '>', data, 2)) this.#frameUp(facts, frame);
  }

  kills(data: Data): boolean {
    return this.#ledger.isPoisonous(data);
  }

  down(link: Link, data: Data): void {
    const facts = this.of(link);
    facts.ping = null;
    for (const frame of this.#frames(link, '<', data, 1)) this.#frameDown(facts, frame);
  }

  /** `numbers`: how many a message has before its payload. */
  #frames(link: Link, way: string, data: Data, numbers: number): readonly (readonly unknown[])[] {
    const text = typeof data === 'string' ? data.replaceAll('\n', ' ') : `bytes ${data.length}`;
    this.#trace.add(link.owner.name, `#${link.id} ${way} ${text}`);
    if (typeof data === 'string') return data.split('\n').map((line) => JSON.parse(line) as readonly unknown[]);
    count(way === '>' ? 'bytes up' : 'bytes down');
    return binaryFrames(data, numbers);
  }

  #frameUp(facts: LinkFacts, frame: readonly unknown[]): void {
    switch (frame[0]) {
      case 'hello': {
        const hello = frame[1] as {
          readonly n: number;
          readonly producers: readonly Claim[];
          readonly auth?: string;
        };
        const before = this.#hellos.get(facts.page) ?? 0;
        if (hello.n <= before) this.#fault('n rises', `hello.n ${hello.n} after ${before} by ${facts.page.name}`);
        this.#hellos.set(facts.page, hello.n);
        facts.n = hello.n;
        facts.token = hello.auth ?? null;
        this.#claims(facts, hello.producers);
        return;
      }
      case 'auth':
        facts.token = frame[1] as string;
        return;
      case 'producers':
        this.#claims(facts, frame[1] as readonly Claim[]);
        return;
      case 'm':
        this.#message(facts, frame[1] as number, frame[2] as number, frame[3]);
        return;
      case 's': {
        const producer = this.#ledger.producer(this.#producerAt(facts, frame[1] as number));
        const seq = frame[2] as number;
        const last = facts.wrote.get(frame[1] as number) ?? 0;
        for (let skipped = Math.max(last, producer.floor) + 1; skipped <= seq; skipped += 1) {
          if (!producer.settled.has(skipped)) producer.settled.set(skipped, 'withdrawn');
        }
        facts.wrote.set(frame[1] as number, seq);
        return;
      }
      case 'p':
        facts.ping ??= { at: this.#now(), ranMs: facts.page.ranMs, stops: facts.page.stops };
    }
  }

  #claims(facts: LinkFacts, claims: readonly Claim[]): void {
    for (const [id, firstUnsettled] of claims) {
      facts.wrote.set(facts.producers.length, firstUnsettled - 1);
      facts.producers.push(id);
      const producer = this.#ledger.producer(id);
      producer.floor = Math.max(producer.floor, firstUnsettled - 1);
    }
  }

  #message(facts: LinkFacts, index: number, seq: number, payload: unknown): void {
    const id = this.#producerAt(facts, index);
    const producer = this.#ledger.producer(id);
    const text = payload instanceof Uint8Array ? `bytes ${payload.join(' ')}` : JSON.stringify(payload);
    const before = producer.payloads.get(seq);
    if (before !== undefined && before !== text) {
      this.#fault('a seq has one payload', `${id} gave seq ${seq} to ${before} and to ${text}`);
    }
    producer.payloads.set(seq, text);
    if (!facts.isWelcomed) this.#fault('messages follow the welcome', `#${facts.link.id} sent ${id}:${seq} before it`);
    if (facts.page.prepared?.has(facts.link.id) === false) {
      this.#fault('nothing flows before onConnect is done', `#${facts.link.id} sent ${id}:${seq} before it`);
    }
    if (producer.settled.get(seq) === 'withdrawn' && this.#ledger.isWithdrawn(labelOf(payload))) {
      this.#fault('withdrawn is for ever', `${id}:${seq} is sent after its owner withdrew it`);
    }
    facts.wrote.set(index, seq);
    const label = labelOf(payload);
    const written = this.#ledger.written.get(label) ?? { count: 0, pages: new Set() };
    written.count += 1;
    written.pages.add(facts.page);
    this.#ledger.written.set(label, written);
  }

  #frameDown(facts: LinkFacts, frame: readonly unknown[]): void {
    switch (frame[0]) {
      case 'welcome': {
        const welcome = frame[1] as WelcomeFrame;
        facts.session = welcome.session;
        facts.epoch = welcome.epoch;
        facts.isWelcomed = true;
        facts.welcomedAt = this.#now();
        this.#taken(facts, welcome.taken, 0);
        this.#report.welcomed(facts, welcome);
        return;
      }
      case 'taken':
        this.#taken(facts, frame[1] as WelcomeFrame['taken'], null);
        return;
      case 'a': {
        if (frame.length !== 3) return;
        const [, index, seq] = frame as readonly [string, number, number];
        const id = this.#producerAt(facts, index);
        const producer = this.#ledger.producer(id);
        const before = facts.acked.get(index) ?? 0;
        if (seq < before) this.#fault('positions never fall', `${id} acknowledged to ${seq} after ${before}`);
        facts.acked.set(index, seq);
        // A connection that another one takes over from is deaf: what it is told nobody hears.
        if (!this.isReplaced(facts)) producer.told = Math.max(producer.told, seq);
        this.#settledThrough(producer.id, seq);
        return;
      }
      case 'r': {
        const [, index, seq] = frame as readonly [string, number, number, unknown];
        const producer = this.#ledger.producer(this.#producerAt(facts, index));
        if (producer.settled.get(seq) !== 'refused') {
          this.#fault('a refusal is the handler’s', `${producer.id}:${seq} is refused, and the handler never did`);
        }
        return;
      }
      case 'p':
        facts.serverPingAt ??= this.#now();
    }
  }

  /** Whether the page has said hello on a newer connection. */
  isReplaced(facts: LinkFacts): boolean {
    return [...this.facts.values()].some((other) => other.page === facts.page && other.n > facts.n);
  }

  /** `first` null: behind those that were answered before. */
  #taken(facts: LinkFacts, taken: WelcomeFrame['taken'], first: number | null): void {
    const from = first ?? facts.acked.size;
    for (const [place, entry] of taken.entries()) {
      const index = from + place;
      const producer = this.#ledger.producer(this.#producerAt(facts, index));
      if (entry === null) {
        producer.told = 0;
        facts.acked.set(index, 0);
        continue;
      }
      const [seq] = entry;
      // What was refused or withdrawn a server without a durable memory of its own may forget: that ran, it may not.
      const hasFallen = range(seq + 1, producer.told).some((each) => producer.settled.get(each) === 'taken');
      if (hasFallen) {
        this.#fault('positions never fall', `${producer.id}: told ${seq} after ${producer.told} was told`);
      }
      producer.told = seq;
      facts.acked.set(index, seq);
      this.#settledThrough(producer.id, seq);
    }
  }

  /** When a position passes n, the world saw n taken, refused, or withdrawn by its owner. */
  #settledThrough(id: string, seq: number): void {
    const producer = this.#ledger.producer(id);
    for (let settled = producer.floor + 1; settled <= seq; settled += 1) {
      if (!producer.settled.has(settled)) {
        this.#fault(
          'a position passes only what is settled',
          `${id}:${settled} is below position ${seq} and never ran`,
        );
      }
    }
  }

  #producerAt(facts: LinkFacts, index: number): string {
    const id = facts.producers[index];
    if (id === undefined) throw new Error(`#${facts.link.id} has no producer ${index}`);
    return id;
  }

  #fault(invariant: string, text: string): void {
    this.#report.fault(invariant, text);
  }
}

/** As docs/protocol.md has it: kind 1, varints, a length, so many bytes. */
function binaryFrames(data: Uint8Array, numbers: number): readonly (readonly unknown[])[] {
  const frames: unknown[][] = [];
  let rest = [...data];
  const varint = (): number => {
    const end = rest.findIndex((byte) => byte < 128);
    const digits = rest.slice(0, end + 1);
    rest = rest.slice(end + 1);
    return Number(digits.reduceRight((sum, byte) => (sum << 7n) | BigInt(byte & 127), 0n));
  };
  while (rest.length > 0) {
    if (varint() !== 1) throw new Error('a binary frame of a kind that there is none of');
    const values = Array.from({ length: numbers }, varint);
    const length = varint();
    if (length > rest.length) throw new Error('a binary frame is cut off');
    frames.push(['m', ...values, Uint8Array.from(rest.slice(0, length))]);
    rest = rest.slice(length);
  }
  return frames;
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}
