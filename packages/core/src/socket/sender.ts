import type { Environment } from '../environment/ports.ts';
import type { Failure } from '../lib/errors.ts';
import type { Conversation, Protocol } from '../machines/conversation.ts';
import { outboxQueue, type OutboxQueue } from '../machines/outbox.ts';
import { ProducerLog, type Entry } from '../machines/producer-log.ts';
import type { MessageKeeper } from '../storage/message-keeper.ts';
import { encodePayload } from './payload.ts';
import { MessageReceipt } from './receipts.ts';
import type { AppEvents } from './app-events.ts';
import type { Receipt, SendOptions } from './types.ts';
import { wrongOption } from './wrong-option.ts';

/** What a sender needs from its socket. */
export interface SenderHost {
  readonly environment: Environment;
  readonly protocol: Protocol;
  readonly maxMessages: number;
  readonly events: Pick<AppEvents<unknown>, 'error' | 'dropped' | 'notifySoon'>;
  readonly keeper: () => MessageKeeper;
  readonly conversation: () => Conversation;
  /** Asks for a flush at the end of this turn. */
  readonly requestFlush: () => void;
  /** Whether the socket takes no more messages. */
  readonly isClosed: () => boolean;
}

/** Messages on their way in the queue: from `send` to the last word of their receipts. */
export interface Sender<Outgoing> {
  readonly queue: OutboxQueue;
  /** @throws HoldfastError INVALID_MESSAGE, INVALID_OPTION */
  readonly send: (data: Outgoing, options?: SendOptions) => Receipt;
  /**
   * A message for a log, not yet in it.
   * @throws HoldfastError INVALID_MESSAGE
   */
  readonly message: (data: Outgoing, log: ProducerLog) => MessageReceipt;
  /** Appends it; a Blob is read from here on, and what follows it waits. */
  readonly append: (log: ProducerLog, receipt: MessageReceipt) => void;
  /** A log whose messages are settled here. */
  readonly newLog: (id: string) => ProducerLog;
  /** Something expires then. */
  readonly expireAt: (at: number) => void;
  /** Withdraws what has waited for longer than it may. A late timer is no excuse: it is called before a flush, too. */
  readonly expire: () => void;
  /** Ends the timer. */
  readonly stop: () => void;
  /** The socket has ended: every receipt gets its last word. */
  readonly end: () => void;
}

export function createSender<Outgoing>(host: SenderHost): Sender<Outgoing> {
  const { environment, events, keeper, conversation } = host;
  const queue = outboxQueue(newLog(environment.randomId()));
  /** Messages of the own log from the first on that is being read: storage gets them in their order, too. */
  const unread: [receipt: MessageReceipt, isStrict: boolean][] = [];
  let refusals = 0;
  /** When the next message expires, and what ends the timer for it. */
  let nextExpiry = Infinity;
  let cancelExpiry = (): void => {};

  function newLog(id: string): ProducerLog {
    const log: ProducerLog = new ProducerLog(id, (entry, failure) => {
      const error = failure && events.error(failure);
      if (entry instanceof MessageReceipt) entry.settle(error);
      keeper().settled(log, entry, error);
      storeRead();
      if (error !== null) {
        if (error.code !== 'OUTCOME_UNKNOWN') events.dropped(`${id}:${entry.seq}`, error);
        // There may be a log that waited for this one, or nothing left to flush.
        host.requestFlush();
      }
      events.notifySoon();
    });
    return log;
  }

  function message(data: Outgoing, log: ProducerLog): MessageReceipt {
    const payload = encodePayload(data, host.protocol);
    if (typeof payload === 'object' && 'code' in payload) throw events.error(payload);
    return new MessageReceipt(log.id, payload, host.protocol.bytesOf, keeper);
  }

  function append(log: ProducerLog, receipt: MessageReceipt): void {
    log.append(receipt);
    if (receipt.blob !== null) void read(log, receipt, receipt.blob);
  }

  async function read(log: ProducerLog, receipt: MessageReceipt, blob: Blob): Promise<void> {
    try {
      receipt.payload = new Uint8Array(await blob.arrayBuffer());
      receipt.blob = null;
      storeRead();
    } catch (cause) {
      log.fail(receipt, { code: 'INVALID_MESSAGE', message: 'the Blob could not be read', cause });
    }
    conversation().appended();
  }

  function storeRead(): void {
    for (let [first] = unread; first?.[0].isReading === false; [first] = unread) {
      unread.shift();
      // Not what belongs to a log that another page has by now.
      if (first[0].error === null && first[0].source === queue.own.id) keeper().added(...first);
    }
  }

  function refusal(bytes: number, signal: AbortSignal | undefined): Failure | null {
    const { maxMessages } = host;
    if (host.isClosed()) return { code: 'CLOSED', message: 'the socket is closed: it takes no more messages' };
    if (signal?.aborted === true)
      return { code: 'ABORTED', message: 'the signal was aborted before the call', cause: signal.reason };
    // A throttled timer may be behind the truth: it is asked for before anything is refused.
    if (queue.own.unsettled >= maxMessages) conversation().flush();
    if (queue.own.unsettled < maxMessages) return conversation().refusal(bytes);
    const words = `the outbox holds ${maxMessages} messages, its most; wait for some to be delivered`;
    return { code: 'QUEUE_FULL', message: words, details: { maxMessages } };
  }

  /** Takes a message back that is on no wire. */
  function withdraw(log: ProducerLog, entry: Entry, failure: Failure): void {
    if (log.withdraw(entry)) keeper().withdraw(log, entry, failure);
  }

  function expireAt(at: number): void {
    if (at >= nextExpiry) return;
    stop();
    nextExpiry = at;
    cancelExpiry = environment.setTimer(Math.max(0, at - environment.now()), expire);
  }

  function expire(): void {
    const now = environment.now();
    if (now < nextExpiry) return;
    stop();
    for (const log of queue.logs) {
      for (const entry of log.entries) {
        const { expiresAt, ttl } = entry;
        if (expiresAt === null) continue;
        if (expiresAt > now) expireAt(expiresAt);
        else withdraw(log, entry, { code: 'EXPIRED', message: `its ${ttl?.ms} ms passed before it was sent` });
      }
    }
  }

  function stop(): void {
    cancelExpiry();
    nextExpiry = Infinity;
  }

  return {
    queue,
    message,
    append,
    newLog,
    expireAt,
    expire,
    stop,
    send(data, options) {
      const log = queue.own;
      const receipt = message(data, log);
      // Before anything is queued: what throws has sent nothing.
      const { ttlMs, signal, durability } = options === undefined ? NO_OPTIONS : checkSendOptions(options);
      const failure = refusal(receipt.bytes, signal);
      if (failure !== null) {
        const error = events.error(failure);
        refusals += 1;
        receipt.source += ':refused';
        receipt.seq = refusals;
        receipt.settle(error);
        keeper().settled(log, receipt, error);
        events.dropped(receipt.id, error);
        return receipt;
      }
      if (ttlMs !== undefined) {
        receipt.ttl = { ms: ttlMs, since: conversation().serverNow };
        receipt.expiresAt = environment.now() + ttlMs;
        expireAt(receipt.expiresAt);
      }
      append(log, receipt);
      unread.push([receipt, durability === 'strict']);
      storeRead();
      if (signal !== undefined) {
        const abort = (): void =>
          withdraw(log, receipt, { code: 'ABORTED', message: 'withdrawn by its signal', cause: signal.reason });
        signal.addEventListener('abort', abort, { once: true });
        const forget = (): void => signal.removeEventListener('abort', abort);
        void receipt.delivered.then(forget, forget);
      }
      if (nextExpiry !== Infinity) expire();
      conversation().appended();
      events.notifySoon();
      return receipt;
    },
    end() {
      for (const log of queue.logs) {
        for (const entry of log.entries) {
          // Adopted logs stay what they were: another page's messages.
          if (entry instanceof MessageReceipt)
            log.fail(entry, keeper().leftBehind(entry) ?? (entry.maybeSent ? IN_DOUBT : NEVER_SENT));
        }
      }
    },
  };
}

const NO_OPTIONS: SendOptions = {};

function checkSendOptions(options: SendOptions): SendOptions {
  const { ttlMs, signal, durability, ...others } = options;
  for (const [name, value] of Object.entries(others)) throw wrongOption(name, 'left out', value);
  if (ttlMs !== undefined && !(typeof ttlMs === 'number' && ttlMs > 0))
    throw wrongOption('ttlMs', 'a number above 0', ttlMs);
  if (signal !== undefined && typeof signal?.addEventListener !== 'function')
    throw wrongOption('signal', 'an AbortSignal', signal);
  if (durability !== undefined && durability !== 'strict')
    throw wrongOption('durability', "'strict', or left out", durability);
  return options;
}

// What is known of a message when the socket closes: the truth, and no more.

const NEVER_SENT: Failure = { code: 'ABORTED', message: 'the socket was closed before the message was sent' };

const IN_DOUBT: Failure = {
  code: 'OUTCOME_UNKNOWN',
  message: 'the socket was closed after the message was sent and before its outcome was known',
  details: { isStored: false },
};
