import type { Failure, Json } from '../lib/errors.ts';
import type { Conversation, ConversationHost } from './conversation.ts';
import type { Entry, ProducerLog } from './producer-log.ts';

/** How often a socket is asked whether it has written all it was given. There is no event for it. */
const DRAIN_CHECK_MS = 20;
/** Most that a socket is given before it has drained, so that what waits can still expire or be withdrawn. */
const WINDOW = { messages: 1_024, bytes: 1_048_576 } as const;

/**
 * A conversation with any WebSocket server. A message counts as delivered once the browser has given it to the network:
 * at most once, since a plain server tells nothing. What was written when the connection ends may have arrived or not:
 * it is never sent again, and fails with OUTCOME_UNKNOWN.
 */
export class PlainConversation implements Conversation {
  readonly retryAfterMs = null;
  readonly serverNow = null;
  readonly #codec: PlainCodec;
  readonly #host: ConversationHost;
  #direct: ProducerLog | null = null;
  #isOpen = false;
  #isFlowing = false;

  constructor(codec: PlainCodec, host: ConversationHost) {
    this.#codec = codec;
    this.#host = host;
  }

  open(_token: string | null, direct: ProducerLog | null): void {
    this.#isOpen = true;
    this.#direct = direct;
    direct?.begin(null);
    this.#host.queue.own.begin(null);
    this.#host.welcomed({ resumed: false, heartbeat: null });
  }

  receive(data: unknown): void {
    if (!this.#isOpen) return;
    if (this.#codec === 'text' && typeof data === 'string') {
      this.#host.deliver(data);
      return;
    }
    const message = parse(data);
    if (message === undefined) {
      this.#host.report({
        code: 'BAD_MESSAGE',
        message: `the server sent what the ${this.#codec} codec can't decode (${typeof data === 'string' ? `${data.length} characters` : 'not text'})`,
      });
      return;
    }
    this.#host.deliver(message);
  }

  start(): void {
    this.#isFlowing = true;
    this.flush();
  }

  flush(): void {
    if (!this.#isOpen) return;
    const { own } = this.#host.queue;
    const logs = this.#direct === null ? [own] : [this.#direct, own];
    const isDrained = this.#host.bufferedAmount() === 0;
    for (const log of logs) if (log.inFlight > 0 && isDrained) log.acknowledge(log.maybeSent);
    if (this.#direct !== null) {
      for (let entry = this.#direct.peek(); entry !== undefined; entry = this.#direct.peek()) {
        this.#direct.send(entry);
        this.#write(entry.payload);
      }
    }
    if (this.#isFlowing) this.#host.queue.pump(WINDOW, (_log, entry) => this.#write(entry.payload));
    if (logs.some((log) => log.inFlight > 0)) this.#host.requestFlushWithin(DRAIN_CHECK_MS);
  }

  ping(): void {
    // A plain server has no ping: the machine is given no heartbeat and never asks.
  }

  finish(): void {
    // A plain server keeps no producers.
  }

  refusal(): Failure | null {
    return null;
  }

  end(): void {
    this.#isOpen = false;
    this.#isFlowing = false;
    this.#direct = null;
    const { own } = this.#host.queue;
    own.unlist();
    for (const entry of writtenEntries(own)) own.fail(entry, doubt(entry));
  }

  #write(payload: string): void {
    this.#host.write(this.#codec === 'text' ? (JSON.parse(payload) as string) : payload);
  }
}

/** How messages become WebSocket text: JSON, or strings as they are. */
export type PlainCodec = 'json' | 'text';

function writtenEntries(log: ProducerLog): readonly Entry[] {
  return [...log.entries].filter((entry) => entry.status === 'queued' && entry.maybeSent);
}

function doubt(entry: Entry): Failure {
  return {
    code: 'OUTCOME_UNKNOWN',
    message: 'the connection ended after the message was written: it may have arrived or not, and is not sent again',
    details: { seq: entry.seq },
  };
}

/** Undefined stands for 'not JSON': JSON has no undefined. */
function parse(data: unknown): Json | undefined {
  if (typeof data !== 'string') return undefined;
  try {
    return JSON.parse(data) as Json;
  } catch {
    return undefined;
  }
}
