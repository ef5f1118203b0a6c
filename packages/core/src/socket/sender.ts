import type { Environment } from '../environment/ports.ts';
import { describe } from '../lib/describe.ts';
import type { Failure, HoldfastError } from '../lib/errors.ts';
import { utf8Length } from '../lib/utf8.ts';
import type { Conversation, Protocol } from '../machines/conversation.ts';
import { OutboxQueue } from '../machines/outbox.ts';
import { ProducerLog, type Entry } from '../machines/producer-log.ts';
import type { Keeper } from '../storage/keeper.ts';
import { MessageReceipt } from './receipts.ts';
import type { AppEvents } from './app-events.ts';
import type { Receipt, SendOptions } from './types.ts';

/** What a sender needs from its socket. */
export interface SenderHost {
  readonly environment: Environment;
  readonly codec: Protocol['codec'];
  readonly maxMessages: number;
  readonly events: Pick<AppEvents<unknown>, 'error' | 'dropped' | 'report' | 'notifySoon'>;
  keeper(): Keeper;
  conversation(): Conversation;
  /** Asks for a flush at the end of this turn. */
  requestFlush(): void;
  /** Whether the socket takes no more messages. */
  isClosed(): boolean;
  /** Aborts when the socket has ended. */
  readonly signal: AbortSignal;
}

/** A message on its way in the queue: from `send` to its receipt's last word. */
export class Sender<Outgoing> {
  readonly queue: OutboxQueue;
  readonly #host: SenderHost;
  readonly #receipts = new Map<Entry, MessageReceipt>();
  #expiry: { readonly at: number; readonly cancel: () => void } | null = null;
  #refusals = 0;
  #storageEnd: Failure | null = null;

  constructor(host: SenderHost) {
    this.#host = host;
    this.queue = new OutboxQueue(this.newLog(host.environment.randomId()), host.maxMessages);
  }

  /** @throws HoldfastError INVALID_MESSAGE, INVALID_OPTION */
  send(data: Outgoing, options: SendOptions): Receipt {
    const payload = this.encode(data);
    const { ttlMs, signal } = options;
    // Before anything is queued: what throws has sent nothing.
    for (const name of Object.keys(options)) {
      if (name !== 'ttlMs' && name !== 'signal')
        throw this.#wrongOption(name, 'left out: there are ttlMs and signal', name);
    }
    if (ttlMs !== undefined && !(typeof ttlMs === 'number' && ttlMs > 0)) {
      throw this.#wrongOption('ttlMs', 'a number above 0', ttlMs);
    }
    if (signal !== undefined && typeof signal?.addEventListener !== 'function') {
      throw this.#wrongOption('signal', 'an AbortSignal', signal);
    }
    const bytes = utf8Length(payload);
    const refusal = this.#refusal(bytes, signal);
    if (refusal !== null) return this.#refuse(refusal);
    const { environment } = this.#host;
    const log = this.queue.own;
    const entry = log.append({
      payload,
      bytes,
      ttl: ttlMs === undefined ? null : { ms: ttlMs, since: this.#host.conversation().serverNow },
      expiresAt: ttlMs === undefined ? null : environment.now() + ttlMs,
    });
    const receipt = new MessageReceipt(`${log.id}:${entry.seq}`, entry, () => this.#host.keeper().writeSoon());
    if (!this.#host.keeper().canStore) receipt.endStorage(this.#host.events.error(this.#storageEnd ?? NOT_STORED));
    this.#receipts.set(entry, receipt);
    this.#host.keeper().added(entry);
    if (signal !== undefined) this.#withdrawOn(signal, log, entry);
    if (ttlMs !== undefined) this.#expireAt(entry.expiresAt as number);
    this.#host.requestFlush();
    this.#host.events.notifySoon();
    return receipt;
  }

  #wrongOption(option: string, shape: string, given: unknown): HoldfastError {
    const message = `option ${option} must be ${shape}, not ${describe(given)}`;
    return this.#host.events.error({ code: 'INVALID_OPTION', message, details: { option } });
  }

  /**
   * The JSON text of a message.
   * @throws HoldfastError INVALID_MESSAGE
   */
  encode(data: Outgoing): string {
    if (this.#host.codec === 'text' && typeof data !== 'string') {
      const message = `send() takes strings with the text codec, not ${describe(data)}`;
      throw this.#host.events.error({ code: 'INVALID_MESSAGE', message });
    }
    if (ArrayBuffer.isView(data) || data instanceof ArrayBuffer) {
      throw this.#host.events.error({ code: 'INVALID_MESSAGE', message: 'send() takes no binary data yet: send JSON' });
    }
    let payload: string | undefined;
    let cause: unknown;
    try {
      payload = JSON.stringify(data);
    } catch (fault) {
      cause = fault;
    }
    if (payload === undefined) {
      throw this.#host.events.error({
        code: 'INVALID_MESSAGE',
        message: `send() takes what JSON can carry, not ${describe(data)}`,
        cause,
      });
    }
    return payload;
  }

  #refusal(bytes: number, signal: AbortSignal | undefined): Failure | null {
    if (this.#host.isClosed()) return { code: 'CLOSED', message: 'the socket is closed: it takes no more messages' };
    if (signal?.aborted === true)
      return { code: 'ABORTED', message: 'the signal was aborted before the call', cause: signal.reason };
    if (this.queue.isFull) return this.queue.fullFailure();
    return this.#host.conversation().refusal(bytes);
  }

  /** A receipt for a message that never entered the queue. */
  #refuse(failure: Failure): Receipt {
    this.#refusals += 1;
    const receipt = new MessageReceipt(`${this.queue.own.id}:refused-${this.#refusals}`, null, () => {});
    const error = this.#host.events.error(failure);
    receipt.settle(error, this.#host.keeper().canStore);
    this.#host.events.dropped(receipt.id, error);
    return receipt;
  }

  /** A log whose messages are settled here. */
  newLog(id: string): ProducerLog {
    const log: ProducerLog = new ProducerLog(id, (entry, failure) => this.#settled(log, entry, failure));
    return log;
  }

  stored(entry: Entry): void {
    this.#receipts.get(entry)?.markStored();
  }

  /** Nothing is stored from here on. */
  storageEnded(failure: Failure): void {
    this.#storageEnd = failure;
    const error = this.#host.events.error(failure);
    for (const receipt of this.#receipts.values()) receipt.endStorage(error);
    this.#host.events.report(failure);
  }

  /** Withdraws what has waited for longer than it may. */
  expire(): void {
    const now = this.#host.environment.now();
    let next = Number.POSITIVE_INFINITY;
    for (const log of this.queue.logs) {
      if (!log.hasTtl) continue;
      for (const entry of log.entries) {
        if (entry.expiresAt === null || entry.status !== 'queued' || entry.maybeSent) continue;
        if (entry.expiresAt > now) next = Math.min(next, entry.expiresAt);
        else
          this.#withdraw(log, entry, { code: 'EXPIRED', message: `its ${entry.ttl?.ms} ms passed before it was sent` });
      }
    }
    if (next !== Number.POSITIVE_INFINITY) this.#expireAt(next);
  }

  /** Ends the timer: nothing expires while the socket closes. */
  stop(): void {
    this.#expiry?.cancel();
    this.#expiry = null;
  }

  /** The socket has ended: every receipt gets its last word. */
  end(): void {
    for (const log of this.queue.logs) {
      for (const entry of [...log.entries]) {
        // Adopted logs stay what they were: another page's messages.
        if (this.#receipts.has(entry)) log.fail(entry, this.#lastWord(entry));
      }
    }
  }

  #settled(log: ProducerLog, entry: Entry, failure: Failure | null): void {
    const error = failure === null ? null : this.#host.events.error(failure);
    const receipt = this.#receipts.get(entry);
    this.#receipts.delete(entry);
    receipt?.settle(error, this.#host.keeper().canStore);
    this.#host.keeper().settled(log, entry);
    if (error !== null && error.code !== 'OUTCOME_UNKNOWN') this.#host.events.dropped(`${log.id}:${entry.seq}`, error);
    // There may be room in the window now, a log that waited for this one, or nothing left to flush.
    this.#host.requestFlush();
    this.#host.events.notifySoon();
  }

  #withdrawOn(signal: AbortSignal, log: ProducerLog, entry: Entry): void {
    const abort = (): void =>
      this.#withdraw(log, entry, { code: 'ABORTED', message: 'withdrawn by its signal', cause: signal.reason });
    signal.addEventListener('abort', abort, { once: true, signal: this.#host.signal });
    const stop = (): void => signal.removeEventListener('abort', abort);
    void this.#receipts.get(entry)?.delivered.then(stop, stop);
  }

  /** Takes a message back that is on no wire: first from storage, so that no later page sends it after all. */
  #withdraw(log: ProducerLog, entry: Entry, failure: Failure): void {
    if (!log.withdraw(entry)) return;
    this.#host.keeper().forget(log, entry, (isForgotten) => log.fail(entry, isForgotten ? failure : NOT_FORGOTTEN));
  }

  #expireAt(at: number): void {
    if (this.#expiry !== null && this.#expiry.at <= at) return;
    this.#expiry?.cancel();
    const { environment } = this.#host;
    const cancel = environment.setTimer(Math.max(0, at - environment.now()), () => {
      this.#expiry = null;
      this.expire();
    });
    this.#expiry = { at, cancel };
  }

  /** What is known of a message when the socket closes: the truth, and no more. */
  #lastWord(entry: Entry): Failure {
    const isKept = this.#host.keeper().mayKeep(entry);
    if (!entry.maybeSent && !isKept)
      return { code: 'ABORTED', message: 'the socket was closed before the message was sent' };
    return {
      code: 'OUTCOME_UNKNOWN',
      message: isKept
        ? 'the socket was closed; the message stays stored, and a later page delivers it'
        : 'the socket was closed after the message was sent and before its outcome was known',
      details: { isStored: isKept },
    };
  }
}

const NOT_STORED: Failure = {
  code: 'STORAGE_UNAVAILABLE',
  message: 'a memory outbox stores nothing: use indexedDB() from @holdfast/core/indexeddb',
};

const NOT_FORGOTTEN: Failure = {
  code: 'OUTCOME_UNKNOWN',
  message: 'storage failed while the message was withdrawn: a later page may find and deliver it',
};
