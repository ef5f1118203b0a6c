import { outboxQueue, type OutboxQueue } from './outbox.ts';
import type { Failure } from '../lib/errors.ts';
import { encode, type Hello, type Lost, type MessageData, type Taken, type Welcome } from '../protocol/frames.ts';
import { aWelcome, nothingTaken } from '../testing-fakes/frames.fixture.ts';
import type { Conversation, OnceHost } from './conversation.ts';
import type { HeartbeatOptions } from './heartbeat.ts';
import { anEntry } from './outbox.fixture.ts';
import { ProducerLog, type Entry } from './producer-log.ts';

/** What stands around a conversation: it does nothing by itself and remembers all that it was told. */
export class FakeHost implements OnceHost {
  readonly settled: string[] = [];
  readonly queue: OutboxQueue;
  readonly written: string[] = [];
  readonly delivered: MessageData[] = [];
  readonly gaps: Lost[] = [];
  readonly reports: Failure[] = [];
  readonly failures: (readonly [code: string, closeCode: number])[] = [];
  readonly welcomes: { resumed: boolean; heartbeat: HeartbeatOptions | null }[] = [];
  readonly roundTrips: number[] = [];
  readonly drains: number[] = [];
  peer: string | null = null;
  clock = 0;
  buffered = 0;
  flushes = 0;
  /** How often an answer was expected. */
  expected = 0;
  /** Asked for fresh tokens: how soon, and who takes them. */
  readonly renewals: { readonly withinMs: number; readonly answer: (token: string) => void }[] = [];
  readonly flushesWithin: number[] = [];
  readonly expiries: number[] = [];
  /** What the app does when something is told to it. */
  onDeliver = (): void => {};
  onLost = (): void => {};
  onSettled = (_entry: Entry, _failure: Failure | null): void => {};
  onFail = (): void => {};

  constructor() {
    this.queue = outboxQueue(this.log('own'));
  }

  log(id: string): ProducerLog {
    return new ProducerLog(id, (entry, failure) => {
      this.settled.push(`${id}:${entry.seq} ${failure?.code ?? 'ok'}`);
      this.onSettled(entry, failure);
    });
  }

  now = (): number => this.clock;
  release = (): boolean => true;
  retain = (): void => {};
  expectAnswer = (): void => void (this.expected += 1);
  identity = (): { clientId: string; peer: string | null } => ({ clientId: 'client-1', peer: this.peer });
  onPeer = (peer: string): void => void (this.peer = peer);
  write = (data: string | Uint8Array): void =>
    void this.written.push(typeof data === 'string' ? data : `bytes ${data.join(' ')}`);
  bufferedAmount = (): number => this.buffered;
  requestFlush = (): void => void (this.flushes += 1);
  expireAt = (at: number): void => void this.expiries.push(at);
  requestFlushWithin = (ms: number): void => void this.flushesWithin.push(ms);
  welcomed = (welcome: { resumed: boolean; heartbeat: HeartbeatOptions | null }): void =>
    void this.welcomes.push(welcome);
  lost = (lost: Lost): void => {
    this.gaps.push(lost);
    this.onLost();
  };
  deliver = (payload: MessageData): void => {
    this.delivered.push(payload);
    this.onDeliver();
  };
  roundTrip = (ms: number): void => void this.roundTrips.push(ms);
  drained = (withinMs: number): void => void this.drains.push(withinMs);
  renew = (withinMs: number, answer: (token: string) => void): void => void this.renewals.push({ withinMs, answer });
  report = (failure: Failure): void => void this.reports.push(failure);
  fail = (failure: Failure, closeCode: number): void => {
    this.failures.push([failure.code, closeCode]);
    this.onFail();
  };

  /** Appends a message to the own log, or to another. */
  send(payload: MessageData = 'x', log: ProducerLog = this.queue.own): Entry {
    const entry = anEntry({ payload: payload instanceof Uint8Array ? payload : JSON.stringify(payload) });
    log.append(entry);
    return entry;
  }

  /** Frames that were written since the last call. */
  takeFrames(): unknown[][] {
    return this.written.splice(0).flatMap((text) => text.split('\n').map((line) => JSON.parse(line) as unknown[]));
  }
}

/** A conversation and the script of its server. */
export class Scene<Kind extends Conversation> {
  readonly host = new FakeHost();
  readonly conversation: Kind;
  hello: Hello | null = null;

  constructor(create: (host: FakeHost) => Kind) {
    this.conversation = create(this.host);
  }

  /** What the machine and the socket do when a connection ends. */
  end(): this {
    this.conversation.end();
    this.host.queue.direct = null;
    return this;
  }

  open(token: string | null = null, direct: ProducerLog | null = null): this {
    this.host.written.length = 0;
    this.host.queue.direct = direct;
    this.conversation.open(token);
    const [frame] = this.host.takeFrames();
    this.hello = (frame?.[1] ?? null) as Hello | null;
    return this;
  }

  welcome(changes: Partial<Welcome> = {}): this {
    const taken: readonly Taken[] = this.hello === null ? [] : nothingTaken(this.hello);
    return this.hear(encode.welcome(aWelcome({ taken, ...changes })));
  }

  hear(...frames: readonly string[]): this {
    this.conversation.receive(frames.join('\n'));
    return this;
  }

  /** Open, welcomed, and the outbox flows. */
  start(changes: Partial<Welcome> = {}): this {
    this.open().welcome(changes);
    this.conversation.start();
    return this;
  }

  flush(): unknown[][] {
    this.conversation.flush();
    return this.host.takeFrames();
  }
}
