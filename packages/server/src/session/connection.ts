import {
  CLOSE,
  decodeClientMessage,
  encode,
  messageFrame,
  VERSION,
  type ClientFrame,
  type EncodedPayload,
  type Hello,
  type ProducerClaim,
} from '@holdfast/core/protocol';
import { Bucket } from './buckets.ts';
import { closeReason } from './close-reason.ts';
import type { Context } from './context.ts';
import { Credentials } from './credentials.ts';
import type { ConnectionEvents, ConnectionRequest, EngineConnection } from './environment.ts';
import { judge } from './hello-verdict.ts';
import { Intake, type IntakeHost, type Listed } from './intake.ts';
import { Outlet } from './outlet.ts';
import { Pulse } from './pulse.ts';
import { watchRejection } from './reporter.ts';
import type { Realm } from './realm.ts';
import type { ServerSession, SessionLink } from './server-session.ts';
import { welcome } from './welcome.ts';
import { wireError } from './wire-error.ts';

/**
 * `greeting`: no hello yet. `joining`: the app authenticates, and the runs of earlier connections settle. `welcomed`:
 * messages flow. `ended`: closed by this end, or gone; nothing that still comes counts.
 */
type Phase = 'greeting' | 'joining' | 'welcomed' | 'ended';

/** One socket: its greeting, its frames, its end. */
export class Connection implements SessionLink, IntakeHost, ConnectionEvents {
  readonly #realm: Realm;
  readonly #context: Context;
  readonly #port: EngineConnection;
  readonly #onGone: () => void;
  /** Sockets of one page follow each other: a hello on an older one knows less than what a newer one claimed. */
  readonly #order: number;
  readonly #openedAt: number;
  readonly #outlet: Outlet;
  /** How many more frames may come that are no messages. */
  readonly #frames: Bucket;
  readonly #credentials: Credentials;
  #phase: Phase = 'greeting';
  #isGone = false;
  #session: ServerSession | null = null;
  #intake: Intake | null = null;
  #pulse: Pulse | null = null;
  /** Answers to `producers` frames leave in the order of the questions. */
  #answers: Promise<void> = Promise.resolve();
  /** When the client must have moved to another connection. */
  #drainsAt: number | null = null;
  #onOver: (() => void)[] = [];
  /** Of the phase: for hello, for welcome. */
  #cancelTimer: () => void;

  constructor(realm: Realm, port: EngineConnection, request: ConnectionRequest, onGone: () => void) {
    this.#realm = realm;
    this.#context = realm.context;
    this.#port = port;
    this.#onGone = onGone;
    this.#order = realm.nextOrder();
    this.#openedAt = realm.context.environment.now();
    const { environment, limits } = this.#context;
    this.#outlet = new Outlet({
      port,
      environment,
      limits,
      beforeFlush: () => {
        // Nothing is acknowledged to somebody who is nobody any more.
        if (this.mayRun) this.#intake?.flush();
      },
      onSlow: (bufferedAmount) => this.#tooSlow(bufferedAmount),
      onDropped: () => this.closed(),
    });
    this.#credentials = new Credentials(this.#context, request, {
      ask: (withinMs) => this.push(encode.reauth(withinMs)),
      refuse: (closeCode, code, message) => this.#refuse(closeCode, code, message, true),
    });
    const { helloTimeoutMs } = limits;
    this.#frames = new Bucket(limits.framesPerSecond, limits.framesPerSecond * 5, environment);
    this.#cancelTimer = environment.setTimer(helloTimeoutMs, () => {
      this.#context.limited.reached('helloTimeoutMs');
      this.fail(CLOSE.HEARTBEAT_MISSED, 'HELLO_MISSED', `no hello came within ${helloTimeoutMs} ms`);
    });
  }

  /** Whether nothing more goes out; asked anew after every step that may have ended it. */
  get isEnded(): boolean {
    return this.#phase === 'ended';
  }

  get isWelcomed(): boolean {
    return this.#phase === 'welcomed' && this.mayRun;
  }

  /** Whether the client is still who it has proved to be. */
  get mayRun(): boolean {
    return !this.#credentials.areOver;
  }

  message(data: unknown): void {
    if (this.#isOver()) return;
    this.#pulse?.heard();
    if (this.#phase === 'welcomed' && !this.mayRun) {
      // Their end has come, and its timer is late.
      this.#credentials.expire();
      return;
    }
    const { messageBytes, producers } = this.#context.limits;
    const decoded = decodeClientMessage(data, { messageBytes, producers: producers + 1 });
    if (!decoded.ok) {
      const { closeCode, message } = decoded.fault;
      if (closeCode === CLOSE.TOO_LARGE) this.#context.limited.reached('messageBytes', this.#who());
      this.fail(closeCode, closeCode === CLOSE.TOO_LARGE ? 'MESSAGE_TOO_LARGE' : 'PROTOCOL_ERROR', message);
      return;
    }
    for (const frame of decoded.frames) {
      // A frame may end the connection, and so may the app.
      if (this.#isOver()) return;
      // Messages have a window, and a rate of their own; what withdraws them is as cheap as what they are.
      if (frame.kind !== 'm' && frame.kind !== 's' && !this.#hasRoomForFrame()) return;
      this.#take(frame);
    }
  }

  closed(code = 1006): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#outlet.gone();
    const session = this.#session;
    const isOwn = session?.link === this;
    this.#cleanUp(false);
    // The client closed for good: nobody will ask for this session again. What was sent still runs.
    if (code === CLOSE.NORMAL && session !== null && isOwn) this.#realm.sessions.end(session, 'closed');
    this.#onGone();
  }

  push(frame: string): void {
    this.#outlet.push(frame);
  }

  pushMessage(offset: number, payload: EncodedPayload): void {
    this.#outlet.push(messageFrame(payload, offset), offset);
  }

  requestFlush(): void {
    this.#outlet.requestFlush();
  }

  fail(closeCode: number, code: string, message: string, retryAfterMs = 0): void {
    this.#refuse(closeCode, code, message, false, retryAfterMs);
  }

  reauthenticate(withinMs: number): void {
    this.#credentials.demand(withinMs);
  }

  /** Says why, and closes; `discard`: with what the client sent and nobody started. */
  #refuse(closeCode: number, code: string, message: string, discard: boolean, retryAfterMs = 0): void {
    if (this.#phase === 'ended') return;
    this.#context.reporter.report('warn', 'connection.failed', message, { code, closeCode, ...this.#who() });
    this.push(encode.error({ ...wireError(code, message), ...(retryAfterMs > 0 && { retryAfterMs }) }));
    this.end(closeCode, closeReason(code, { retryAfterMs }), { discard });
  }

  /** Asks the client to move to another connection. Resolves when nothing is left on this one. */
  drain(withinMs: number): Promise<void> {
    if (this.#phase === 'ended') return Promise.resolve();
    this.#drainsAt = this.#context.environment.now() + withinMs;
    if (this.#phase === 'welcomed') this.#tellDrain();
    return new Promise((resolve) => void this.#onOver.push(resolve));
  }

  end(code: number, reason: string, options: { readonly discard: boolean } = { discard: false }): void {
    if (this.#phase === 'ended') return;
    this.#outlet.flush();
    // Writing may have found the client too slow and dropped it.
    if (this.isEnded) return;
    this.#cleanUp(options.discard);
    this.#outlet.close(code, reason);
  }

  #hasRoomForFrame(): boolean {
    const { waitMs } = this.#frames;
    this.#frames.take();
    if (waitMs === 0) return true;
    this.#context.limited.reached('framesPerSecond', this.#who());
    this.fail(CLOSE.TOO_MANY, 'TOO_MANY_FRAMES', 'more frames came than limits.framesPerSecond lets in', 1_000);
    return false;
  }

  #take(frame: ClientFrame): void {
    switch (frame.kind) {
      case 'p':
        this.push(encode.pong(frame.n));
        return;
      case 'q':
        return;
      case 'error':
        this.#context.reporter.report('warn', 'client.reported', frame.error.message, {
          code: frame.error.code,
          ...this.#who(),
        });
        return;
      case 'hello':
        if (this.#phase === 'greeting') void this.#join(frame.hello);
        else this.#protocolError('a connection has one hello');
        return;
      case 'producers':
      case 'm':
      case 's':
      case 'a':
      case 'fin':
      case 'auth':
        if (this.#phase === 'welcomed') this.#takeWelcomed(frame);
        else this.#protocolError(`${frame.kind} came before the welcome`);
        return;
    }
  }

  #takeWelcomed(frame: ClientFrame & { readonly kind: 'producers' | 'm' | 's' | 'a' | 'fin' | 'auth' }): void {
    const intake = this.#intake as Intake;
    switch (frame.kind) {
      case 'm':
        intake.message(frame);
        return;
      case 's':
        intake.skip(frame);
        return;
      case 'a':
        if (this.#session?.confirm(frame.offset) === true) return;
        this.#protocolError(`a ${frame.offset} is above every offset that was sent`);
        return;
      case 'producers':
        this.#list(intake, frame.producers);
        return;
      case 'fin':
        intake.finish(frame.id);
        return;
      case 'auth':
        this.#credentials.renew(frame.token);
        return;
    }
  }

  #list(intake: Intake, claims: readonly ProducerClaim[]): void {
    if (!intake.hasRoomFor(claims.length)) {
      this.#context.limited.reached('producers', this.#who());
      this.fail(
        CLOSE.POLICY_VIOLATION,
        'TOO_MANY_PRODUCERS',
        `a connection may list ${this.#context.limits.producers}`,
      );
      return;
    }
    const listed = intake.claim(claims, this.#realm.nextOrder());
    const ready = intake.ready(listed);
    this.#answers = this.#answers
      .then(() => ready)
      .then(() => {
        if (!this.#isOver()) this.push(encode.taken(intake.answer(listed)));
      })
      .catch((fault: unknown) => this.#claimFailed(fault));
    // It may fail before its turn comes.
    ready.catch(() => {});
  }

  async #join(hello: Hello): Promise<void> {
    this.#phase = 'joining';
    this.#realm.door.heard(this);
    this.#cancelTimer();
    if (hello.v !== VERSION) {
      this.#protocolError(`version ${hello.v} is not spoken here, only ${VERSION}`);
      return;
    }
    const { environment, limits } = this.#context;
    this.#cancelTimer = environment.setTimer(limits.welcomeTimeoutMs, () => {
      this.#context.limited.reached('welcomeTimeoutMs', this.#who());
      this.fail(CLOSE.OVERLOADED, 'WELCOME_LATE', `no welcome was possible within ${limits.welcomeTimeoutMs} ms`);
    });
    const who = await this.#credentials.prove(hello.client, hello.auth);
    if (this.#isOver()) return;
    if (!who.ok) {
      this.fail(who.closeCode, who.code, who.message);
      return;
    }
    const entered = this.#enter(hello, who.identity);
    if (entered === null) return;
    const { intake, listed, isResumed } = entered;
    try {
      await intake.ready(listed);
    } catch (fault) {
      this.#claimFailed(fault);
      return;
    }
    if (this.#isOver()) return;
    if (this.mayRun) this.#welcome(hello, intake, listed, isResumed);
    else this.#credentials.expire();
  }

  /** Takes the session and the producers, all in one step: nothing that the client was told can change in between. */
  #enter(
    hello: Hello,
    identity: string,
  ): { readonly intake: Intake; readonly listed: readonly Listed[]; readonly isResumed: boolean } | null {
    const { sessions, producers, connects } = this.#realm;
    const { limits } = this.#context;
    const waitMs = connects.ask(JSON.stringify([identity, hello.client]));
    if (waitMs > 0) {
      this.#context.limited.reached('connectsPerMinute.perClient', {
        identity: this.#context.environment.hashIdentity(identity),
      });
      this.fail(CLOSE.TOO_MANY, 'TOO_MANY_CONNECTS', 'this client connects too often', waitMs);
      return null;
    }
    const verdict = judge(hello, identity, this.#order, this.#realm);
    if (!verdict.ok) {
      if (verdict.closeCode === CLOSE.TAKEN_OVER) this.end(verdict.closeCode, verdict.message);
      else this.fail(verdict.closeCode, verdict.code, verdict.message);
      return null;
    }
    const { known, isResumed } = verdict;
    if (known !== undefined && !isResumed) sessions.end(known, 'replaced');
    const session = isResumed ? known : sessions.create({ identity, client: hello.client, n: hello.n, link: this });
    if (typeof session === 'string') {
      const isOwn = session === 'sessionsPerIdentity';
      const whose = isOwn ? 'this identity has' : 'the server has';
      this.fail(
        isOwn ? CLOSE.TOO_MANY : CLOSE.OVERLOADED,
        'TOO_MANY_SESSIONS',
        `${whose} as many sessions as limits.${session} allows`,
        limits.sessionTtlMs,
      );
      return null;
    }
    this.#session = session;
    const intake = new Intake({ session, limits, producers, host: this });
    this.#intake = intake;
    // Claimed before the older socket ends: its producers change hands without a release in between.
    const listed = intake.claim(hello.producers, this.#order);
    if (isResumed) sessions.take(session, this, hello.n, hello.key as string);
    return { intake, listed, isResumed };
  }

  #welcome(hello: Hello, intake: Intake, listed: readonly Listed[], isResumed: boolean): void {
    const { environment, heartbeat, reporter } = this.#context;
    const session = this.#session as ServerSession;
    this.#cancelTimer();
    this.push(encode.welcome(welcome(hello, session, isResumed, intake.answer(listed), this.#context)));
    this.#phase = 'welcomed';
    this.#realm.door.settled(this);
    session.isKnownToClient = true;
    this.#port.welcomed?.(session);
    for (const entry of session.unconfirmed()) this.pushMessage(entry.offset, entry.payload);
    this.#tellDrain();
    this.#credentials.watch();
    this.#pulse = new Pulse({
      heartbeat,
      environment,
      ping: (n) => this.push(encode.ping(n)),
      dead: () => {
        this.#context.limited.reached('heartbeat', this.#who());
        this.end(CLOSE.HEARTBEAT_MISSED, 'the heartbeat was missed');
      },
    });
    reporter.report('info', isResumed ? 'session.resumed' : 'session.began', undefined, this.#who());
    if (!isResumed) this.#tellApp(session);
    // Behind all that the app says at once.
    if (this.isWelcomed) this.#realm.users.welcomed(session);
  }

  #tellApp(session: ServerSession): void {
    const { app, reporter } = this.#context;
    try {
      watchRejection(app.onSession?.(session), (fault) => reporter.fault('listener.failed', fault, this.#who()));
    } catch (fault) {
      reporter.fault('listener.failed', fault, this.#who());
    }
  }

  /** What was asked before the welcome is told behind it. */
  #tellDrain(): void {
    if (this.#drainsAt === null) return;
    const leftMs = Math.ceil(this.#drainsAt - this.#context.environment.now());
    this.push(encode.drain(Math.max(0, leftMs)));
  }

  #claimFailed(fault: unknown): void {
    this.#context.reporter.fault('store.failed', fault, { during: 'claim', ...this.#who() });
    this.fail(CLOSE.INTERNAL_ERROR, 'STORE_FAILED', 'the server could not read what it has taken');
  }

  #protocolError(message: string): void {
    this.fail(CLOSE.PROTOCOL_ERROR, 'PROTOCOL_ERROR', message);
  }

  #tooSlow(bufferedAmount: number): void {
    this.#context.limited.reached('bufferedBytes', this.#who());
    this.#context.reporter.report('warn', 'connection.too-slow', undefined, { bufferedAmount, ...this.#who() });
    this.#outlet.drop();
  }

  /** Ends this end's part: the session waits for another socket, the producers for another claim. */
  #cleanUp(discard: boolean): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'ended';
    this.#realm.door.settled(this);
    this.#cancelTimer();
    this.#pulse?.stop();
    this.#credentials.stop();
    this.#intake?.end(discard);
    if (this.#session !== null) this.#realm.sessions.detach(this.#session, this);
    const livedMs = Math.round(this.#context.environment.now() - this.#openedAt);
    this.#context.reporter.report('debug', 'connection.ended', undefined, { livedMs, ...this.#who() });
    for (const resolve of this.#onOver.splice(0)) resolve();
  }

  #who(): { readonly session?: string; readonly identity?: string } {
    if (this.#session === null) return {};
    const { id, identity } = this.#session;
    return { session: id, identity: this.#context.environment.hashIdentity(identity) };
  }

  /** Whether anything that comes now is ignored. Asked anew after every step that may have ended it. */
  #isOver(): boolean {
    return this.#phase === 'ended' || this.#context.isClosing;
  }
}
