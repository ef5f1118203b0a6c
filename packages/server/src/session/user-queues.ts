import { bytesIn, describe, type EncodedPayload } from '@holdfast/core/protocol';
import { payloadCost } from './payload-cost.ts';
import type { UserQueueStore } from '../stores/ports.ts';
import type { Sendable } from './app.ts';
import type { Context } from './context.ts';
import type { ServerSession } from './server-session.ts';
import { UserQueue, type SendToStatus } from './user-queue.ts';

/** How long a message to a user may wait, and its name. */
export interface SendToOptions {
  /** How long it may wait for a session of the user. Default and most: `limits.userQueue.ttlMs`. */
  readonly ttlMs?: number;
  /** The app's own name for the message, at most 128 characters: a second one with it is not taken while the first may live. */
  readonly id?: string;
}

/** How often expired messages of users without a session are looked for. */
const SWEEP_INTERVAL_MS = 300_000;
const USER_LENGTH = 256;
const ID_LENGTH = 128;

/** The queues of the users who have sessions, and the way into those of the others. */
export class UserQueues {
  readonly #context: Context;
  readonly #store: UserQueueStore;
  readonly #queues = new Map<string, UserQueue>();
  /** Null: nothing was ever sent. */
  #cancelSweep: (() => void) | null = null;

  constructor(context: Context, store: UserQueueStore) {
    this.#context = context;
    this.#store = store;
  }

  /** A session was welcomed. */
  welcomed(session: ServerSession): void {
    if (session.carrier === null) this.#obtain(session.identity).join(session);
    else session.carrier.ready();
  }

  async sendTo(user: string, data: Sendable, options: SendToOptions = {}): Promise<SendToStatus> {
    if (this.#context.isClosing) throw new Error('sendTo was called after close(): the message was not taken');
    const message = this.#checked(user, data, options);
    this.#cancelSweep ??= this.#sweepLater();
    return this.#obtain(user).add(message);
  }

  stop(): void {
    this.#cancelSweep?.();
  }

  /** Resolves when the store has answered all calls. */
  async rest(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.rest()));
  }

  #checked(
    user: string,
    data: Sendable,
    { ttlMs, id }: SendToOptions,
  ): { readonly payload: EncodedPayload; readonly ttlMs: number; readonly id: string | undefined } {
    const { replay, userQueue } = this.#context.limits;
    text('user', user, USER_LENGTH);
    if (id !== undefined) text('id', id, ID_LENGTH);
    if (ttlMs !== undefined && !(Number.isSafeInteger(ttlMs) && ttlMs >= 1 && ttlMs <= userQueue.ttlMs)) {
      throw new RangeError(
        `ttlMs must be a whole number from 1 to limits.userQueue.ttlMs (${userQueue.ttlMs}), not ${describe(ttlMs)}`,
      );
    }
    // A copy: the app may go on writing into its own.
    const payload = bytesIn(data)?.slice() ?? (JSON.stringify(data) as string | undefined);
    if (payload === undefined) throw new TypeError(`sendTo takes bytes or what JSON can encode, not ${describe(data)}`);
    const cost = payloadCost(payload);
    if (cost > Math.min(replay.bytes, userQueue.bytes)) {
      throw new RangeError(
        `a message of ${cost} bytes (2 a character) has no place in limits.replay.bytes or limits.userQueue.bytes: raise them or send less at a time`,
      );
    }
    return { payload, ttlMs: ttlMs ?? userQueue.ttlMs, id };
  }

  #obtain(user: string): UserQueue {
    const found = this.#queues.get(user);
    if (found !== undefined) return found;
    const made = new UserQueue(user, this.#context, this.#store, (idle) => {
      if (this.#queues.get(user) === idle) this.#queues.delete(user);
    });
    this.#queues.set(user, made);
    return made;
  }

  #sweepLater(): () => void {
    return this.#context.environment.setTimer(SWEEP_INTERVAL_MS, () => void this.#sweep());
  }

  async #sweep(): Promise<void> {
    try {
      for (const { user, seqs } of await this.#store.sweep()) {
        const queue = this.#queues.get(user) ?? new UserQueue(user, this.#context, this.#store, () => {});
        queue.expired(seqs);
      }
    } catch (fault) {
      this.#context.reporter.fault('store.failed', fault, { during: 'housekeeping of user queues' });
    }
    if (!this.#context.isClosing) this.#cancelSweep = this.#sweepLater();
  }
}

function text(name: string, value: unknown, most: number): void {
  if (typeof value === 'string' && value !== '' && value.length <= most) return;
  throw new TypeError(`${name} must be a string of 1 to ${most} characters, not ${describe(value)}`);
}
