import { createHash } from 'node:crypto';
import { createEngine, type Engine } from '../../packages/server/src/session/engine.ts';
import type { Identity, Session } from '../../packages/server/src/session/app.ts';
import { Unauthorized } from '../../packages/server/src/session/errors.ts';
import type { EngineEnvironment } from '../../packages/server/src/session/environment.ts';
import { memoryStore } from '../../packages/server/src/stores/memory-store.ts';
import type { UserQueueStore } from '../../packages/server/src/stores/ports.ts';
import { memoryUserQueues } from '../../packages/server/src/stores/memory-user-queues.ts';
import { SLOT_PREFIX } from '../../packages/core/src/protocol/frames.ts';
import { count as tally } from '../coverage.ts';
import { Database } from './database.ts';
import { EPOCH } from './device.ts';
import { Disk } from './disk.ts';
import { DurableStore, type StoreFile } from './durable-store.ts';
import { handle } from './handler.ts';
import type { Run } from './ledger.ts';
import type { Listener, ServerEnd, ServerSide } from './network.ts';
import { bytesOf, kindOf } from './payloads.ts';
import { USER } from './tokens.ts';
import type { World } from './world.ts';

export interface ServerSettings {
  /**
   * What survives a killed process. `memory`: nothing. `durable`: positions, by a store of their own. `hook`: positions
   * in the app's transactions, so that every message takes effect exactly once, and refusals in the store.
   */
  readonly mode: 'memory' | 'durable' | 'hook';
  /** Weight of slow handlers among the others, which have 90. */
  readonly slowHandlers: number;
  readonly sessionTtlMs: number;
  readonly replayMessages: number;
  readonly replayAgeMs: number;
  /** How many handlers run at once. */
  readonly handlers: number;
  /** How many messages may wait for the user. */
  readonly userMessages: number;
  readonly windowMessages: number;
  /** Longest write of the store. */
  readonly storeWriteMs: number;
  readonly heartbeatMs: number;
  readonly hasAuth: boolean;
  /** How long a token lives; null: for ever. */
  readonly tokenLifeMs: number | null;
  /** How fast it lets connections in; null: as they come. */
  readonly admission: { readonly perSecond: number; readonly burst: number } | null;
}

const HANDLER_RETRIES = 2;

/** The server over all its processes: what outlives them, and what an operator does to them. */
export class ServerProcess {
  readonly settings: ServerSettings;
  readonly database: Database;
  readonly #world: World;
  readonly #file: StoreFile = new Map();
  /** Offsets of what was said in each session. */
  readonly #said = new Map<string, number[]>();
  /** Messages to the user, on disk. */
  readonly #mailFile: UserQueueStore;
  /** Failed runs of each message, in the process that runs now. */
  #failures = new Map<number, number>();
  readonly #givenUp = new Set<number>();
  #current: Incarnation | null = null;
  #count = 0;
  #isWanted = false;
  #troubledAt = -Infinity;
  /** Null: it is not to be killed. */
  #downMs: number | null = null;
  wallOffset = 0;

  constructor(world: World, settings: ServerSettings) {
    this.#world = world;
    this.settings = settings;
    this.database = new Database(world.clock, world.chances.server);
    this.#mailFile = memoryUserQueues({ now: () => world.clock.now });
  }

  get current(): Incarnation | null {
    return this.#current;
  }

  start(): void {
    if (this.#current !== null) return;
    this.#count += 1;
    this.#isWanted = false;
    this.#failures = new Map();
    this.#troubledAt = this.#world.clock.now;
    // It remembers nothing, says so once, and goes on from what its clients say: that first word may be lost.
    if (this.settings.mode === 'memory')
      for (const producer of this.#world.ledger.producers.values()) producer.told = 0;
    this.#current = new Incarnation(this.#world, this, `S${this.#count}`, {
      file: this.#file,
      mailFile: this.#mailFile,
      said: this.#said,
    });
    this.#world.network.listener = this.#current;
    this.#world.trace.add(this.#current.name, 'started');
  }

  /** From here on the first effect of a handler is the last thing that the process does, or nearly. */
  killAfterEffect(downMs: number): void {
    this.#downMs = downMs;
  }

  /** A handler has had its effect. */
  hadEffect(): void {
    const downMs = this.#downMs;
    if (downMs === null) return;
    this.#downMs = null;
    this.#world.later(this.#world.chances.server.between(0, 5), () => {
      this.kill();
      this.#world.later(downMs, () => this.start());
    });
  }

  /** All at once: nothing runs any more, and what was not written is lost. */
  kill(): void {
    const process = this.#current;
    if (process === null) return;
    this.#world.trace.add(process.name, 'killed');
    this.#current = null;
    this.#world.network.listener = null;
    this.#troubledAt = this.#world.clock.now;
    process.die();
  }

  /** Ends as an operator would: the engine is asked, then the process exits. */
  /** Asks the clients to move: to the same process, which is what they find at the address. */
  drain(withinMs: number): boolean {
    const process = this.#current;
    if (process === null || process.isClosing || process.isFrozen) return false;
    this.#world.trace.add(process.name, `drains within ${withinMs} ms`);
    void process.engine.drain(withinMs).then(() => {
      this.#world.trace.add(process.name, 'has drained');
      tally('drained');
    });
    return true;
  }

  closeGracefully(graceMs: number, retryAfterMs: number): boolean {
    const process = this.#current;
    if (process === null || process.isClosing || process.isFrozen) return false;
    this.#world.trace.add(process.name, `closes within ${graceMs} ms`);
    this.#troubledAt = this.#world.clock.now;
    process.isClosing = true;
    // The listening socket is closed first.
    this.#world.network.listener = null;
    void process.engine.close(graceMs, retryAfterMs).then(() => {
      this.#world.trace.add(process.name, 'has closed');
      process.die();
      if (this.#current === process) this.#current = null;
      if (this.#isWanted) this.start();
    });
    return true;
  }

  /** Starts the next process as soon as the one that closes is gone. */
  startWhenGone(): void {
    if (this.#current === null) this.start();
    else if (this.#current.isClosing) this.#isWanted = true;
  }

  /** The app ends one of its sessions. */
  closeSession(choice: number, code: number): boolean {
    const process = this.#current;
    if (process === null || process.isFrozen) return false;
    return process.closeSession(choice, code);
  }

  freeze(): void {
    this.#current?.freeze();
    this.#troubledAt = this.#world.clock.now;
  }

  thaw(): void {
    this.#current?.thaw();
    this.#troubledAt = this.#world.clock.now;
  }

  stoodStillSince(at: number): boolean {
    return this.#current === null || this.#current.isFrozen || this.#troubledAt >= at;
  }

  /** The app says something to every session of the process. */
  say(count: number): boolean {
    const process = this.#current;
    if (process === null || process.isFrozen || process.isClosing) return false;
    return process.say(count);
  }

  saidTo(session: string): number {
    return this.#said.get(session)?.length ?? 0;
  }

  /** The offset of the k-th message that was said in a session. */
  offsetOf(session: string, k: number): number {
    return this.#said.get(session)?.[k - 1] ?? 0;
  }

  /** The app says something to its user. */
  sendTo(choice: number): boolean {
    const process = this.#current;
    if (process === null || process.isFrozen || process.isClosing) return false;
    process.sendTo(choice);
    return true;
  }

  /** Whether this failure is the last one that the engine waits for. */
  countFailure(label: number): boolean {
    const count = (this.#failures.get(label) ?? 0) + 1;
    this.#failures.set(label, count);
    if (count <= HANDLER_RETRIES) return false;
    this.#givenUp.add(label);
    return true;
  }

  hasGivenUp(label: number): boolean {
    return this.#givenUp.has(label);
  }

  get retries(): number {
    return HANDLER_RETRIES;
  }
}

export function hashOf(identity: string): string {
  return createHash('sha256').update(identity).digest('hex').slice(0, 32);
}

interface Timer {
  readonly run: () => void;
  readonly due: number;
  cancel: () => void;
}

/** One process: the engine with all that it needs, until it dies. */
export class Incarnation implements Listener {
  readonly name: string;
  readonly engine: Engine;
  readonly runs = new Set<Run>();
  isAlive = true;
  isFrozen = false;
  isClosing = false;
  readonly #world: World;
  readonly #said: Map<string, number[]>;
  readonly #sessions = new Map<string, Session>();
  readonly #ends: ServerEnd[] = [];
  readonly #timers = new Set<Timer>();
  #backlog: (() => void)[] = [];
  #isPumping = false;

  constructor(
    world: World,
    server: ServerProcess,
    name: string,
    lasting: {
      readonly file: StoreFile;
      readonly mailFile: UserQueueStore;
      readonly said: Map<string, number[]>;
    },
  ) {
    const { settings } = server;
    this.name = name;
    this.#world = world;
    this.#said = lasting.said;
    const { clock, chances } = world;
    const isDurable = settings.mode !== 'memory';
    this.engine = createEngine(
      {
        onMessage: (message, session) => handle(world, this, message, session.id),
        onSession: (session) => {
          // Nobody listens in a session of the other user.
          if (session.identity !== 'other') this.#sessions.set(session.id, session);
          if (settings.hasAuth) world.tokens.identityOf.set(session.id, session.identity);
        },
        onEvent: (record) => {
          world.trace.add(name, `event ${record.level} ${record.name} ${record.message ?? ''}`);
          if (record.name === 'session.reauthenticated') tally('proved anew');
          if (record.name === 'engine.failed') world.fault('the engine never fails', record.message ?? '');
        },
        ...(settings.hasAuth && { authenticate: (request) => this.#authenticate(request.token) }),
        store: isDurable
          ? new DurableStore(lasting.file, clock, new Disk(clock, chances.server, this, settings.storeWriteMs))
          : memoryStore(this.#environment()),
        userQueues: isDurable
          ? onDisk(lasting.mailFile, new Disk(clock, chances.mail, this, settings.storeWriteMs))
          : memoryUserQueues(this.#environment()),
        ...(settings.mode === 'hook' && { positions: server.database.hookFor(this) }),
        limits: {
          sessionTtlMs: settings.sessionTtlMs,
          replay: { messages: settings.replayMessages, bytes: 1_048_576, ageMs: settings.replayAgeMs },
          userQueue: { messages: settings.userMessages, bytes: 1_048_576, totalBytes: 1_048_576, ttlMs: 604_800_000 },
          concurrentHandlers: { total: settings.handlers, perIdentity: 250 },
          window: { messages: settings.windowMessages, bytes: 1_048_576 },
          handlerRetries: server.retries,
        },
        heartbeat: { intervalMs: settings.heartbeatMs, timeoutMs: 5_000 },
        ...(settings.admission !== null && { admission: settings.admission }),
      },
      this.#environment(),
    );
  }

  async #authenticate(token: string | undefined): Promise<Identity> {
    await this.sleep(this.#world.chances.handler.between(0, 40));
    const found = this.#world.tokens.look(token);
    if (found === null) throw new Unauthorized('this token has ended');
    // By this process's own wall clock, whatever that says.
    const now = this.#world.clock.now;
    const wall = EPOCH + Math.floor(now) + this.#world.server.wallOffset;
    return { identity: found.identity, expiresAt: wall + found.endsAt - now };
  }

  accept(end: ServerEnd): ServerSide {
    this.#ends.push(end);
    const slot = end.link.protocols.find((name) => name.startsWith(SLOT_PREFIX))?.slice(SLOT_PREFIX.length);
    if (slot !== undefined) tally('came with a slot');
    const events = this.engine.accept(
      {
        send: (data) => end.send(data),
        close: (code, reason) => end.close(code, reason),
        terminate: () => end.terminate(),
        get bufferedAmount() {
          return end.link.bufferedDown;
        },
      },
      { origin: 'https://app.test', remoteAddress: '192.0.2.1', slot },
    );
    return { message: (data) => events.message(data), closed: () => events.closed() };
  }

  say(count: number): boolean {
    let did = false;
    for (const [id, session] of this.#sessions) {
      for (let index = 0; index < count; index += 1) {
        const said = this.#said.get(id) ?? [];
        const k = said.length + 1;
        const data = { session: id, k };
        const isJson = kindOf(this.#world.seed, k) === 'json';
        const offset = session.send(isJson ? data : bytesOf(data, k));
        if (offset === 0) {
          this.#sessions.delete(id);
          break;
        }
        this.#world.trace.add(this.name, `says ${id}:${k} at offset ${offset}`);
        this.#said.set(id, [...said, offset]);
        did = true;
      }
    }
    return did;
  }

  sendTo(choice: number): void {
    const { ledger, chances, trace } = this.#world;
    const { mail } = ledger;
    const again = chances.mail.hits(0.2) ? mail.all[Math.floor(choice * mail.all.length)] : undefined;
    const isKnown = again?.id !== undefined && mail.isTaken(again.id);
    const id = again?.id ?? (chances.mail.hits(0.5) ? `id ${mail.all.length}` : undefined);
    const sessions = [...this.#sessions.keys()].filter((key) => this.engine.sessions.has(key));
    const one = mail.add({ id, ttlMs: chances.mail.hits(0.2) ? 2_000 : null, sessions: new Set(sessions) });
    const user = this.#world.server.settings.hasAuth ? USER : 'anonymous';
    const limits = { ...(one.ttlMs !== null && { ttlMs: one.ttlMs }), ...(id !== undefined && { id }) };
    trace.add(this.name, `sends mail ${one.n} ${JSON.stringify(limits)}`);
    this.engine.sendTo(user, { n: one.n }, limits).then(
      (status) => {
        trace.add(this.name, `mail ${one.n} is ${status}`);
        one.status = status;
        tally(`mail ${status}`);
        // As many are remembered as may wait.
        const isRemembered = this.#world.server.settings.userMessages > mail.all.length;
        if (isKnown && isRemembered && status !== 'duplicate') {
          this.#world.fault('an id is taken once', `mail ${one.n} has the id of another, and is ${status}`);
        }
      },
      () => (one.status = 'failed'),
    );
  }

  closeSession(choice: number, code: number): boolean {
    const sessions = [...this.#sessions.values()];
    const session = sessions[Math.floor(choice * 10) % Math.max(1, sessions.length)];
    if (session === undefined) return false;
    this.#world.trace.add(this.name, `closes session ${session.id} with ${code}`);
    this.#sessions.delete(session.id);
    this.#world.ledger.ended.add(session.id);
    session.close(code, 'the app is done');
    return true;
  }

  /** Resolves after `ms` in which the process lived; never, once it is dead. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#set(ms, resolve);
    });
  }

  // The gate.

  post(run: () => void): void {
    if (!this.isAlive) return;
    if (!this.isFrozen && this.#backlog.length === 0) {
      run();
      return;
    }
    this.#backlog.push(run);
  }

  freeze(): void {
    this.isFrozen = true;
    this.#world.trace.add(this.name, 'stands still');
  }

  /** The event loop goes on: what waited in the sockets and the late timers come in either order. */
  thaw(): void {
    if (!this.isFrozen) return;
    this.isFrozen = false;
    this.#world.trace.add(this.name, 'goes on');
    const timers = [...this.#timers].sort((left, right) => left.due - right.due);
    const late = (): void => {
      for (const timer of timers) if (timer.due <= this.#world.clock.now) this.#schedule(timer);
    };
    if (this.#world.chances.server.hits(0.5)) {
      late();
      this.#pump();
    } else {
      this.#pump();
      late();
    }
  }

  die(): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    if (this.#world.server.settings.mode === 'memory') this.#world.ledger.mail.forget();
    this.#backlog = [];
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    for (const run of this.runs) {
      run.outcome = 'killed';
      const facts = this.#world.ledger.producer(run.producer);
      if (facts.running === run) facts.running = null;
    }
    this.runs.clear();
    for (const end of this.#ends) end.link.serverDied();
  }

  #pump(): void {
    if (this.#isPumping || this.isFrozen || this.#backlog.length === 0) return;
    this.#isPumping = true;
    this.#world.clock.after(0, () => {
      this.#isPumping = false;
      if (!this.isAlive || this.isFrozen) return;
      this.#backlog.shift()?.();
      this.#pump();
    });
  }

  #environment(): EngineEnvironment {
    const { clock, chances } = this.#world;
    return {
      now: () => clock.now,
      wallClock: () => EPOCH + Math.floor(clock.now) + this.#world.server.wallOffset,
      randomId: () => chances.server.hex(32),
      setTimer: (ms, run) => this.#set(ms, run),
      defer: (run) => void this.#set(0, run),
      hashIdentity: hashOf,
      equalSecrets: (left, right) => left === right,
      createAbort: () => new AbortController(),
    };
  }

  #set(ms: number, run: () => void): () => void {
    const timer: Timer = { run, due: this.#world.clock.now + Math.max(0, ms), cancel: () => {} };
    this.#timers.add(timer);
    this.#schedule(timer);
    return () => {
      timer.cancel();
      this.#timers.delete(timer);
    };
  }

  #schedule(timer: Timer): void {
    timer.cancel();
    timer.cancel = this.#world.clock.after(timer.due - this.#world.clock.now, () => {
      // A late one is scheduled again when the process goes on.
      if (!this.#timers.has(timer) || this.isFrozen) return;
      this.#timers.delete(timer);
      timer.run();
    });
  }
}

/** A file of queues behind a disk that takes its time. */
function onDisk(file: UserQueueStore, disk: Disk): UserQueueStore {
  return {
    append: (...args) => disk.write(() => file.append(...args)),
    load: (...args) => disk.write(() => file.load(...args)),
    settle: (...args) => disk.write(() => file.settle(...args)),
    sweep: () => disk.write(() => file.sweep()),
  };
}
