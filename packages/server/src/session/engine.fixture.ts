import {
  decodeServerMessage,
  encode,
  type Json,
  type MessageData,
  type ProducerClaim,
  type ServerFrame,
  type Welcome,
} from '@holdfast/core/protocol';
import { memoryStore } from '../stores/memory-store.ts';
import { memoryUserQueues } from '../stores/memory-user-queues.ts';
import type { ProducerStore } from '../stores/ports.ts';
import type { EngineMessage, EventRecord, Session } from './app.ts';
import { createEngine, type Engine, type EngineOptions } from './engine.ts';
import type { ConnectionEvents, EngineConnection, EngineEnvironment } from './environment.ts';

/** A handler run that the test ends by hand. */
export interface HeldRun {
  readonly message: EngineMessage;
  readonly session: Session;
  succeed(): void;
  fail(fault: unknown): void;
}

/** An engine in virtual time, with scripted sockets. */
export class World {
  time = 0;
  readonly records: EventRecord[] = [];
  /** Every run that began, in order. */
  readonly runs: { id: string; data: MessageData; redelivered: boolean }[] = [];
  readonly held: HeldRun[] = [];
  /** Whether runs wait for the test. */
  holds = false;
  readonly sessions: Session[] = [];
  /** How long timers were asked to wait. */
  readonly waits: number[] = [];
  readonly environment: { -readonly [Name in keyof EngineEnvironment]: EngineEnvironment[Name] };
  readonly engine: Engine;
  readonly #timers = new Map<number, { at: number; run: () => void }>();
  #deferred: (() => void)[] = [];
  #ids = 0;
  #timerIds = 0;

  constructor(options: Partial<EngineOptions> = {}) {
    this.environment = {
      now: () => this.time,
      wallClock: () => 1_700_000_000_000 + this.time,
      randomId: () => `random-${(this.#ids += 1)}`,
      setTimer: (ms, run) => {
        const id = (this.#timerIds += 1);
        this.waits.push(ms);
        this.#timers.set(id, { at: this.time + ms, run });
        return () => void this.#timers.delete(id);
      },
      defer: (run) => void this.#deferred.push(run),
      hashIdentity: (identity) => `hash-of-${identity}`,
      equalSecrets: (left, right) => left === right,
      createAbort: () => new AbortController(),
    };
    this.engine = createEngine(
      {
        store: memoryStore({ now: () => this.time }),
        userQueues: memoryUserQueues({ now: () => this.time }),
        onMessage: (message, session) => this.handle(message, session),
        onSession: (session) => void this.sessions.push(session),
        onEvent: (record) => void this.records.push(record),
        ...options,
      },
      this.environment,
    );
  }

  handle(message: EngineMessage, session: Session): void | Promise<void> {
    this.runs.push({ id: message.id, data: message.data, redelivered: message.redelivered });
    if (!this.holds) return;
    return new Promise((resolve, reject) => {
      this.held.push({
        message,
        session,
        succeed: resolve,
        fail: reject,
      });
    });
  }

  get timers(): number {
    return this.#timers.size;
  }

  get names(): string[] {
    return this.records.map(({ name }) => name);
  }

  /** @param slot The place in the queue that the client offers. */
  connect(slot?: string, remoteAddress?: string): ScriptedConnection {
    return new ScriptedConnection(this, slot, remoteAddress);
  }

  /** A connection with its welcome. */
  async join(hello: HelloOptions = {}): Promise<ScriptedConnection> {
    const connection = this.connect();
    connection.hello(hello);
    await this.settle();
    return connection;
  }

  /** Lets every promise and every end of a turn happen; no time passes. */
  async settle(): Promise<void> {
    for (let round = 0; round < 4; round += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      for (const run of this.#deferred.splice(0)) run();
    }
  }

  /** Lets time pass, timer by timer. */
  async advance(ms: number): Promise<void> {
    const end = this.time + ms;
    await this.settle();
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (due === undefined) break;
      const [id, { at, run }] = due;
      this.#timers.delete(id);
      this.time = at;
      run();
      await this.settle();
    }
    this.time = end;
    await this.settle();
  }
}

export interface HelloOptions {
  v?: number;
  client?: string;
  n?: number;
  producers?: readonly ProducerClaim[];
  auth?: string;
  session?: string;
  key?: string;
  epoch?: string;
  received?: number;
}

/** A client that does what the test says. */
export class ScriptedConnection implements EngineConnection {
  readonly texts: string[] = [];
  readonly frames: ServerFrame[] = [];
  closedWith: { code: number; reason: string } | null = null;
  isTerminated = false;
  bufferedAmount = 0;
  readonly #events: ConnectionEvents;

  constructor(world: World, slot?: string, remoteAddress: string = '192.0.2.1') {
    this.#events = world.engine.accept(this, { origin: undefined, remoteAddress, slot });
  }

  send(data: string | Uint8Array): void {
    this.texts.push(typeof data === 'string' ? data : `bytes ${data.join(' ')}`);
    const decoded = decodeServerMessage(data);
    if (!decoded.ok) throw new Error(`the engine sent what no client takes: ${decoded.fault.message}`);
    this.frames.push(...decoded.frames);
  }

  close(code: number, reason: string): void {
    this.closedWith ??= { code, reason };
  }

  terminate(): void {
    this.isTerminated = true;
  }

  /** The socket is gone. */
  drop(code?: number): void {
    this.#events.closed(code);
  }

  raw(data: unknown): void {
    this.#events.message(data);
  }

  hello({ v = 1, client = 'client', n = 1, producers = [], ...rest }: HelloOptions = {}): void {
    this.raw(JSON.stringify(['hello', { v, client, n, producers, ...rest }]));
  }

  m(producer: number, seq: number, data: Json = `data ${seq}`): void {
    this.raw(encode.message(producer, seq, JSON.stringify(data)));
  }

  skip(producer: number, seq: number): void {
    this.raw(encode.skip(producer, seq));
  }

  ofKind<Kind extends ServerFrame['kind']>(kind: Kind): (ServerFrame & { kind: Kind })[] {
    return this.frames.filter((frame): frame is ServerFrame & { kind: Kind } => frame.kind === kind);
  }

  get welcome(): Welcome {
    const [frame] = this.ofKind('welcome');
    if (frame === undefined) throw new Error(`no welcome: ${this.texts.join(' ')} ${JSON.stringify(this.closedWith)}`);
    return frame.welcome;
  }

  /** Last seq acknowledged of a producer. */
  acknowledged(producer = 0): number | undefined {
    return this.ofKind('a')
      .filter((frame) => frame.producer === producer)
      .at(-1)?.seq;
  }

  /** What the next hello says to go on with this session. */
  resumption(received = 0): { session: string; key: string; epoch: string; received: number } {
    const { session, key, epoch } = this.welcome;
    return { session, key, epoch, received };
  }
}

/** A store that several worlds share, one after another: what a crash leaves. */
export function sharedStore(): ProducerStore {
  return { ...memoryStore({ now: () => 0 }), close: () => Promise.resolve() };
}
