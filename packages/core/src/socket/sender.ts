import type { Environment } from '../environment/ports.ts';
import type { Failure, HoldfastError } from '../lib/errors.ts';
import { LONGEST_TIMER_MS } from '../lib/timers.ts';
import type { Conversation, Protocol } from '../machines/conversation.ts';
import { openLane, outboxQueue, type OutboxQueue } from '../machines/outbox.ts';
import { ProducerLog, type Entry } from '../machines/producer-log.ts';
import { MAX_BYTES, type OutboxLimits } from '../storage/limits.ts';
import type { MessageKeeper } from '../storage/message-keeper.ts';
import { decodePayload, encodePayload } from './payload.ts';
import { MessageReceipt, NO_OPTIONS } from './receipts.ts';
import type { AppEvents } from './app-events.ts';
import type { Receipt, SendOptions, SocketOutbox, WritableOptions } from './types.ts';
import { createOutboxView } from './outbox-view.ts';
import { createRoom, type Room } from './room.ts';
import { wrongOption } from './wrong-option.ts';

/** What a sender needs from its socket. */
export interface SenderHost {
  readonly environment: Environment;
  readonly protocol: Protocol;
  readonly limits: OutboxLimits;
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
  readonly outbox: SocketOutbox;
  readonly whenWritable: (options?: WritableOptions) => Promise<void>;
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
  const { environment, events, keeper, conversation, limits } = host;
  const queue = outboxQueue(newLog(environment.randomId()));
  const normal = laneOf(queue);
  /** The urgent one from the first message on that is sent in it. */
  const lanes = [normal];
  /** Who waits for the end of a message. */
  const told = new Map<Entry, () => void>();
  const outbox = createOutboxView(queue, withdraw, (entry, tell) => {
    const before = told.get(entry);
    told.set(entry, () => {
      before?.();
      tell();
    });
  });
  let refusals = 0;
  /** When the next message expires, and what ends the timer for it. */
  let nextExpiry = Infinity;
  let cancelExpiry = (): void => {};
  /** The clocks as they stood at the first message of this turn, and what that had for its time to live. */
  let turn: { readonly now: number; readonly wall: number; ttl: Entry['ttl'] } | null = null;

  function newLog(id: string): ProducerLog {
    const log: ProducerLog = new ProducerLog(id, (entry, failure) => {
      const error = failure && events.error(failure);
      if (entry instanceof MessageReceipt) entry.settle(error);
      keeper().settled(log, entry, error);
      for (const lane of lanes) {
        storeRead(lane);
        lane.room.tell();
      }
      told.get(entry)?.();
      told.delete(entry);
      if (error !== null) {
        if (error.code !== 'OUTCOME_UNKNOWN') dropped(`${id}:${entry.seq}`, error, entry);
        // There may be a log that waited for this one, or nothing left to flush.
        host.requestFlush();
      }
      events.notifySoon();
    });
    return log;
  }

  function dropped(id: string, error: HoldfastError, entry: Entry): void {
    events.dropped({
      id,
      error,
      get data() {
        return decodePayload(entry, host.protocol);
      },
      options: entry instanceof MessageReceipt ? entry.options : { ...(entry.ttl && { ttlMs: entry.ttl.ms }) },
    });
  }

  function laneOf(its: OutboxQueue): Lane {
    const room = createRoom({
      environment,
      queue: its,
      limits,
      flush: () => conversation().flush(),
      withdraw: (entry, failure) => void withdraw(its.own, entry, failure),
    });
    return { queue: its, room, unread: [] };
  }

  function laneNamed(name: string | undefined): Lane {
    const [, open] = lanes;
    // Nothing begins when the socket has ended.
    if (name !== URGENT || (open === undefined && host.isClosed())) return normal;
    if (open !== undefined) return open;
    const urgent = laneOf(openLane(queue, newLog(environment.randomId())));
    lanes.push(urgent);
    keeper().openLane(urgent.queue, URGENT);
    return urgent;
  }

  function message(data: Outgoing, log: ProducerLog): MessageReceipt {
    const payload = encodePayload(data, host.protocol);
    if (typeof payload === 'object' && 'code' in payload) throw events.error(payload);
    return new MessageReceipt(log.id, payload, host.protocol.bytesOf, keeper, cancel);
  }

  function append(log: ProducerLog, receipt: MessageReceipt): void {
    log.append(receipt);
    if (receipt.blob !== null) void read(log, receipt, receipt.blob);
  }

  async function read(log: ProducerLog, receipt: MessageReceipt, blob: Blob): Promise<void> {
    try {
      receipt.payload = new Uint8Array(await blob.arrayBuffer());
      receipt.blob = null;
      lanes.forEach(storeRead);
    } catch (cause) {
      log.fail(receipt, { code: 'INVALID_MESSAGE', message: 'the Blob could not be read', cause });
    }
    conversation().appended(log);
  }

  function storeRead({ queue: its, unread }: Lane): void {
    for (let [first] = unread; first?.[0].isReading === false; [first] = unread) {
      unread.shift();
      // Not what belongs to a log that another page has by now.
      if (first[0].error === null && first[0].source === its.own.id) keeper().added(its, ...first);
    }
  }

  function refusal(bytes: number, { room }: Lane, signal: AbortSignal | undefined): Failure | null {
    const { maxBytes = MAX_BYTES, maxMessageBytes } = limits;
    if (host.isClosed()) return CLOSED;
    if (signal?.aborted === true)
      return { code: 'ABORTED', message: 'the signal was aborted before the call', cause: signal.reason };
    return conversation().refusal(bytes, bytes > maxBytes ? maxBytes : maxMessageBytes) ?? room.make(bytes);
  }

  /** Takes a message back that is on no wire. */
  function withdraw(log: ProducerLog, entry: Entry, failure: Failure): boolean {
    const isTaken = log.withdraw(entry);
    if (isTaken) keeper().withdraw(log, entry, failure);
    return isTaken;
  }

  function cancel(receipt: MessageReceipt): boolean {
    return outbox.cancel(receipt.id);
  }

  /** Once a turn: for each message of a burst, asking costs as much as sending it. */
  function readClocks(): NonNullable<typeof turn> {
    if (turn === null) {
      turn = { now: environment.now(), wall: environment.wallClock(), ttl: null };
      environment.defer(() => (turn = null));
    }
    return turn;
  }

  function expireAt(at: number): void {
    if (at >= nextExpiry) return;
    stop();
    nextExpiry = at;
    cancelExpiry = environment.setTimer(Math.min(Math.max(0, at - environment.now()), LONGEST_TIMER_MS), () => {
      nextExpiry = 0;
      expire();
    });
  }

  function expire(now = environment.now()): void {
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
    outbox,
    whenWritable: (options = NO_OPTIONS) =>
      laneNamed(options?.lane).room.wait(options, () => {
        checkWritableOptions(options);
        if (host.isClosed()) throw events.error(CLOSED);
      }),
    message,
    append,
    newLog,
    expireAt,
    expire,
    stop,
    send(data, options) {
      // Before anything is queued: what throws has sent nothing.
      const checked = options === undefined ? NO_OPTIONS : checkSendOptions(options);
      const { ttlMs, signal, durability, lane: name } = checked;
      const lane = laneNamed(name);
      const log = lane.queue.own;
      const receipt = message(data, log);
      receipt.options = checked;
      const failure = refusal(receipt.bytes, lane, signal);
      if (failure !== null) {
        const error = events.error(failure);
        refusals += 1;
        receipt.source += ':refused';
        receipt.seq = refusals;
        receipt.settle(error);
        keeper().settled(log, receipt, error);
        dropped(receipt.id, error, receipt);
        return receipt;
      }
      const clocks = readClocks();
      const { now } = clocks;
      const ms = Math.min(ttlMs ?? Infinity, limits.maxAgeMs ?? Infinity);
      if (ms < Infinity) {
        if (clocks.ttl?.ms !== ms) {
          const { serverAheadMs } = conversation();
          clocks.ttl = { ms, since: serverAheadMs === null ? null : serverAheadMs + now };
        }
        receipt.ttl = clocks.ttl;
        receipt.expiresAt = now + ms;
        expireAt(receipt.expiresAt);
      }
      receipt.queuedAt = clocks.wall;
      append(log, receipt);
      lane.unread.push([receipt, durability === 'strict']);
      storeRead(lane);
      if (signal !== undefined) {
        const abort = (): void => {
          withdraw(log, receipt, { code: 'ABORTED', message: 'withdrawn by its signal', cause: signal.reason });
        };
        signal.addEventListener('abort', abort, { once: true });
        const forget = (): void => signal.removeEventListener('abort', abort);
        void receipt.delivered.then(forget, forget);
      }
      if (nextExpiry !== Infinity) expire(now);
      conversation().appended(log);
      events.notifySoon();
      return receipt;
    },
    end() {
      for (const { room } of lanes) room.end(events.error(CLOSED));
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

/** Messages that are sent in their order, and how much more there may be. */
interface Lane {
  /** The socket's, with the lane's own log. */
  readonly queue: OutboxQueue;
  readonly room: Room;
  /** Messages from the first on that is being read: storage gets them in their order, too. */
  readonly unread: [receipt: MessageReceipt, isStrict: boolean][];
}

const URGENT = 'urgent';

const CLOSED: Failure = { code: 'CLOSED', message: 'the socket is closed: it takes no more messages' };

function checkWritableOptions(options: WritableOptions): void {
  const { bytes, signal, lane, ...others } = options;
  for (const [name, value] of Object.entries(others)) throw wrongOption(name, 'left out', value);
  if (bytes !== undefined && !(typeof bytes === 'number' && bytes > 0))
    throw wrongOption('bytes', 'a number above 0', bytes);
  checkSignal(signal);
  checkLane(lane);
}

function checkLane(lane: SendOptions['lane']): void {
  if (lane !== undefined && lane !== 'normal' && lane !== URGENT)
    throw wrongOption('lane', "'normal' or 'urgent'", lane);
}

function checkSignal(signal: AbortSignal | undefined): void {
  if (signal !== undefined && typeof signal?.addEventListener !== 'function')
    throw wrongOption('signal', 'an AbortSignal', signal);
}

function checkSendOptions(options: SendOptions): SendOptions {
  const { ttlMs, signal, durability, lane, ...others } = options;
  for (const [name, value] of Object.entries(others)) throw wrongOption(name, 'left out', value);
  if (ttlMs !== undefined && !(typeof ttlMs === 'number' && ttlMs > 0))
    throw wrongOption('ttlMs', 'a number above 0', ttlMs);
  checkSignal(signal);
  checkLane(lane);
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
