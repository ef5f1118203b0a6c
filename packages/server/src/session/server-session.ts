import { bytesIn, describe, MOST_DRAIN_MS, type EncodedPayload, type Lost } from '@holdfast/core/protocol';
import type { Sendable, Session } from './app.ts';
import { Bucket } from './buckets.ts';
import type { Carrier } from './carrier.ts';
import type { Context } from './context.ts';
import { ReplayBuffer, type ReplayEntry } from './replay-buffer.ts';

/** The socket that carries a session. */
export interface SessionLink {
  /** Whether the client was welcomed on it: only then server messages flow. */
  readonly isWelcomed: boolean;
  pushMessage(offset: number, payload: EncodedPayload): void;
  /** Asks the client to prove within `withinMs` who it is. */
  reauthenticate(withinMs: number): void;
  /** Closes it. `discard`: with what it sent and nobody started. */
  end(code: number, reason: string, options?: { readonly discard: boolean }): void;
}

/** Where a welcome lets the client go on. */
export interface Resumption {
  readonly offset: number;
  readonly lost?: Lost;
}

/** One conversation: what is sent to the client over all its sockets, and who may take it over. */
export class ServerSession implements Session {
  readonly id: string;
  readonly epoch: string;
  readonly identity: string;
  readonly client: string;
  /** Highest number of a hello that took this session. */
  n: number;
  link: SessionLink | null;
  /** Brings what was sent to the user; null until the first welcome. */
  carrier: Carrier | null = null;
  /** Whether any welcome named it: until then no client can come back to it. */
  isKnownToClient = false;
  /** How fast its messages may run. */
  readonly pace: Bucket;
  readonly #context: Context;
  readonly #replay: ReplayBuffer;
  readonly #onClose: (session: ServerSession, code: number, reason: string) => void;
  /** `proved` is the key of the last hello that came through, `issued` that of the last welcome, which may be lost. */
  #keys: { proved: string | null; issued: string };
  #isEnded = false;

  constructor(options: {
    context: Context;
    identity: string;
    client: string;
    n: number;
    link: SessionLink;
    onClose: (session: ServerSession, code: number, reason: string) => void;
  }) {
    const { environment, limits } = options.context;
    this.id = environment.randomId();
    this.epoch = environment.randomId();
    this.#keys = { proved: null, issued: environment.randomId() };
    this.identity = options.identity;
    this.client = options.client;
    this.n = options.n;
    this.link = options.link;
    this.pace = new Bucket(limits.messagesPerSecond, limits.messagesPerSecond, environment);
    this.#context = options.context;
    this.#onClose = options.onClose;
    this.#replay = new ReplayBuffer(limits.replay);
  }

  get isConnected(): boolean {
    return this.link?.isWelcomed === true;
  }

  /** The key that the next hello has to show. */
  get key(): string {
    return this.#keys.issued;
  }

  get keptBytes(): number {
    return this.#replay.bytes;
  }

  /** Offset of the newest message. */
  get highest(): number {
    return this.#replay.highest;
  }

  proves(key: string): boolean {
    const { environment } = this.#context;
    const { proved, issued } = this.#keys;
    return environment.equalSecrets(key, issued) || (proved !== null && environment.equalSecrets(key, proved));
  }

  /** A hello that proved itself takes the session over. */
  take(link: SessionLink, n: number, key: string): void {
    this.#keys = { proved: key, issued: this.#context.environment.randomId() };
    this.n = n;
    this.link = link;
  }

  /** Goes on after `received`, or as near as what is left allows. */
  resumeAfter(received: number): Resumption {
    this.confirm(received);
    this.#replay.dropOld(this.#context.environment.now());
    const { first, reason } = this.#replay;
    if (received >= first - 1) return { offset: received };
    this.carrier?.lost(first - 1);
    return { offset: first - 1, lost: { reason, from: received + 1, to: first - 1 } };
  }

  /** What the client has not confirmed. */
  unconfirmed(): Iterable<ReplayEntry> {
    return this.#replay;
  }

  /** The client has everything up to `offset`. False: it can't have. */
  confirm(offset: number): boolean {
    if (offset > this.#replay.highest) return false;
    this.#replay.dropThrough(offset);
    this.carrier?.confirmed(offset);
    return true;
  }

  send(data: Sendable): number {
    if (this.#isEnded) return 0;
    // Copied: it is kept, and the app may go on writing into it.
    const payload = bytesIn(data)?.slice() ?? (JSON.stringify(data) as string | undefined);
    if (payload === undefined)
      throw new TypeError(`session.send takes bytes, or what JSON can encode, not ${describe(data)}`);
    if (!this.#replay.fits(payload)) {
      throw new RangeError(
        `a message of ${payload.length} ${typeof payload === 'string' ? 'characters' : 'bytes'} has no place in limits.replay.bytes (2 bytes a character): raise the limit or send less at a time`,
      );
    }
    return this.push(payload);
  }

  /** Changes what is sent under an offset that the client has not seen. */
  replace(offset: number, payload: EncodedPayload): void {
    this.#replay.replace(offset, payload);
  }

  /** Sends what is encoded, and fits into the replay buffer. */
  push(payload: EncodedPayload): number {
    const offset = this.#replay.add(payload, this.#context.environment.now());
    if (this.link?.isWelcomed === true) this.link.pushMessage(offset, payload);
    return offset;
  }

  reauthenticate({ withinMs = this.#context.limits.reauthMs }: { readonly withinMs?: number } = {}): void {
    if (!Number.isSafeInteger(withinMs) || withinMs < 0 || withinMs > MOST_DRAIN_MS) {
      throw new RangeError(`withinMs must be a whole number from 0 to ${MOST_DRAIN_MS}, not ${describe(withinMs)}`);
    }
    this.link?.reauthenticate(withinMs);
  }

  close(code: number = 1000, reason = ''): void {
    const isAllowed = code === 1000 || code === 1008 || (Number.isInteger(code) && code >= 3000 && code <= 4999);
    if (!isAllowed)
      throw new RangeError(`session.close takes 1000, 1008 or 3000 to 4999 as its code, not ${describe(code)}`);
    if (!this.#isEnded) this.#onClose(this, code, reason);
  }

  /** For good: it is nobody's any more. */
  ended(): void {
    this.#isEnded = true;
    this.link = null;
    this.#replay.dropThrough(this.#replay.highest);
    this.carrier?.ended();
  }
}
