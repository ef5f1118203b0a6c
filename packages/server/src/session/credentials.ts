import { CLOSE } from '@holdfast/core/protocol';
import { authenticate, type Authenticated } from './authenticate.ts';
import type { Context } from './context.ts';
import type { ConnectionRequest } from './environment.ts';
import { LONGEST_TIMER_MS } from './limits.ts';

/** With less left nobody is asked again: an answer takes its time, too. */
const TOO_LATE_TO_ASK_MS = 1_000;

/** What credentials need of their connection. */
export interface CredentialsHost {
  /** Asks the client to prove within `withinMs` who it is. */
  ask(withinMs: number): void;
  /** The client is not who it was, or nobody any more: nothing more may start on this connection. */
  refuse(closeCode: number, code: string, message: string): void;
}

/**
 * Who the client of one connection is, how long that holds, and when it is to be proved again. Ends are kept on the clock
 * that never jumps: a wall clock that does can neither lengthen a token's life nor shorten it.
 */
export class Credentials {
  readonly #context: Context;
  readonly #request: ConnectionRequest;
  readonly #host: CredentialsHost;
  #identity = '';
  #client = '';
  #endsAt = Number.POSITIVE_INFINITY;
  /** The app wants them proved now, whatever time they have left. */
  #isDemanded = false;
  #isWatched = false;
  #isStopped = false;
  /** The newest token that came and was not looked at. */
  #token: string | null = null;
  #isProving = false;
  /** What is looked at now was sent before the app wanted them proved: its answer may be what the app has just changed. */
  #isOutdated = false;
  #cancelTimer: () => void = () => {};

  constructor(context: Context, request: ConnectionRequest, host: CredentialsHost) {
    this.#context = context;
    this.#request = request;
    this.#host = host;
  }

  /** Whether they have ended: from here on nothing may start. */
  get areOver(): boolean {
    return this.#endsAt <= this.#context.environment.now();
  }

  /** The first proof, with the hello. Never rejects. */
  async prove(client: string, token: string | undefined): Promise<Authenticated> {
    const who = await this.#ask(client, token);
    if (!who.ok) return who;
    this.#identity = who.identity;
    this.#client = client;
    this.#endsAt = who.endsAt;
    return who;
  }

  /** The client is welcomed: it is asked in time from here on. */
  watch(): void {
    this.#isWatched = true;
    this.#schedule();
  }

  /** A token came on the live connection. Of several that come while one is looked at, the last counts. */
  renew(token: string): void {
    this.#token = token;
    if (!this.#isProving) void this.#renewAll();
  }

  /** The app wants them proved within `withinMs`. */
  demand(withinMs: number): void {
    this.#endsAt = Math.min(this.#endsAt, this.#context.environment.now() + withinMs);
    this.#isDemanded = true;
    this.#isOutdated = true;
    if (this.#isWatched) this.#schedule();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer();
  }

  #ask(client: string, token: string | undefined): Promise<Authenticated> {
    return authenticate(this.#context, this.#request, client, token, () => !this.#isStopped);
  }

  async #renewAll(): Promise<void> {
    this.#isProving = true;
    while (this.#token !== null) {
      const token = this.#token;
      this.#token = null;
      this.#isOutdated = false;
      const who = await this.#ask(this.#client, token);
      // Its end came while the app was looking: the timer may be late.
      if (this.areOver) break;
      // Where the connection has ended, those that came later are not looked at any more.
      if (this.#isStopped || (this.#token === null && !(who.ok && this.#isOutdated))) this.#judge(who);
    }
    this.#isProving = false;
    if (this.areOver && !this.#isStopped) this.expire();
  }

  #judge(who: Authenticated): void {
    if (who.ok && who.identity !== this.#identity) {
      this.#refuse(CLOSE.FORBIDDEN, 'IDENTITY_CHANGED', 'the token belongs to another identity');
      return;
    }
    if (who.ok) {
      if (this.#isStopped) return;
      this.#endsAt = who.endsAt;
      this.#isDemanded = false;
      const { reporter, environment } = this.#context;
      reporter.report('info', 'session.reauthenticated', undefined, {
        identity: environment.hashIdentity(this.#identity),
      });
    } else if (who.isVerdict) {
      this.#refuse(who.closeCode, who.code, who.message);
      return;
    }
    // Where the app could not tell, what was proved before holds to its end, and the client is asked once more.
    this.#schedule();
  }

  /** From here on nothing starts, a retry of what had started neither: also where the connection has ended meanwhile. */
  #refuse(closeCode: number, code: string, message: string): void {
    this.#endsAt = Number.NEGATIVE_INFINITY;
    if (!this.#isStopped) this.#host.refuse(closeCode, code, message);
  }

  #schedule(): void {
    this.#cancelTimer();
    if (this.#isStopped || this.#endsAt === Number.POSITIVE_INFINITY) return;
    const { environment, limits } = this.#context;
    const leftMs = this.#endsAt - environment.now();
    if (leftMs <= 0) {
      this.expire();
      return;
    }
    const leadMs = this.#isDemanded ? leftMs : Math.min(limits.reauthMs, leftMs / 2);
    this.#isDemanded = false;
    const waitMs = leftMs - leadMs;
    if (waitMs > LONGEST_TIMER_MS) this.#timer(LONGEST_TIMER_MS, () => this.#schedule());
    else if (waitMs > 0 && leftMs >= TOO_LATE_TO_ASK_MS) this.#timer(waitMs, () => this.#tell());
    else if (waitMs > 0) this.#timer(leftMs, () => this.expire());
    else this.#tell();
  }

  #tell(): void {
    const leftMs = Math.max(0, this.#endsAt - this.#context.environment.now());
    this.#timer(leftMs, () => this.expire());
    this.#host.ask(Math.ceil(leftMs));
  }

  /** They have ended. */
  expire(): void {
    this.#context.limited.reached('reauthMs', { identity: this.#context.environment.hashIdentity(this.#identity) });
    this.#host.refuse(CLOSE.UNAUTHORIZED, 'UNAUTHORIZED', 'the client has not proved in time who it is');
  }

  #timer(ms: number, run: () => void): void {
    this.#cancelTimer = this.#context.environment.setTimer(ms, run);
  }
}
