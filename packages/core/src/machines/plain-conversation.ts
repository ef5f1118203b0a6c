import type { Json } from '../lib/errors.ts';
import type { Conversation, ConversationHost } from './conversation.ts';
import type { Ping } from './ping.ts';
import type { ProducerLog } from './producer-log.ts';

/** How often a socket is asked whether it has written all it was given. There is no event for it. */
const DRAIN_CHECK_MS = 20;
/** A socket that was given so much is given no more before some of it is gone: what waits can still be withdrawn. */
const MOST_UNDRAINED_BYTES = 1_048_576;

/** How messages become WebSocket text: JSON, or strings as they are. */
export type PlainCodec = 'json' | 'text';

/**
 * A conversation with any WebSocket server. A message counts as delivered once the browser has given it to the network:
 * at most once, since a plain server tells nothing. What was written when the connection ends may have arrived or not:
 * it is never sent again, and fails with OUTCOME_UNKNOWN.
 */
export function plainConversation(host: ConversationHost, codec: PlainCodec, ping?: Ping): Conversation {
  let isOpen = false;
  let isFlowing = false;
  /** Null: it has been answered. */
  let pingedAt: number | null = null;

  /** Settles what has left the browser. */
  function settle(log: ProducerLog): void {
    if (log.inFlight === 0) return;
    const buffered = host.bufferedAmount();
    // What still waits was written last, and behind this message there is at least the rest of its log.
    log.settleWhile((entry) => entry.status === 'inFlight' && log.inFlightBytes - entry.bytes >= buffered);
  }

  function write(log: ProducerLog): void {
    while (log.inFlightBytes < MOST_UNDRAINED_BYTES) {
      const entry = log.peek();
      if (entry === undefined) break;
      log.send(entry);
      host.expectAnswer();
      host.write(entry.payload);
    }
    if (log.inFlight > 0) host.requestFlushWithin(DRAIN_CHECK_MS);
  }

  /** At once: a call of `send` is a message on the wire, as it is with a WebSocket. */
  function appended(): void {
    const { own, direct } = host.queue;
    // A socket that a hidden page let go of is opened for it.
    if (!isOpen) host.requestFlush();
    else if (direct !== null) write(direct);
    if (isFlowing) write(own);
  }

  function flush(): void {
    const { own, direct } = host.queue;
    if (!isOpen) return;
    if (direct !== null) settle(direct);
    settle(own);
    appended();
  }

  return {
    retryAfterMs: null,
    serverNow: null,
    open() {
      isOpen = true;
      // The server wants nothing: the heartbeat is the socket's own.
      host.welcomed({
        resumed: false,
        heartbeat: ping ? { intervalMs: Infinity, timeoutMs: Infinity, answerMs: ping.answerMs } : null,
      });
    },
    receive(data) {
      if (!isOpen) return;
      if (ping?.isPong?.(data) === true) {
        // Servers say so unasked, too.
        if (pingedAt !== null) host.roundTrip(host.now() - pingedAt);
        pingedAt = null;
        return;
      }
      let message = data as Json;
      if (codec === 'json' || typeof data !== 'string') {
        try {
          // Bytes make no JSON either: their text is '[object ArrayBuffer]'.
          message = JSON.parse(data as string) as Json;
        } catch {
          // The parser's own message quotes the input, which may be secret.
          const size = typeof data === 'string' ? `${data.length} characters` : 'not text';
          const words = `the server sent what the ${codec} codec can't decode (${size})`;
          host.report({ code: 'BAD_MESSAGE', message: words });
          return;
        }
      }
      host.deliver(message);
    },
    start() {
      isFlowing = true;
      flush();
    },
    appended,
    flush,
    ping() {
      if (!isOpen || ping === undefined) return;
      try {
        const data = ping.data();
        pingedAt = host.now();
        host.write(data);
      } catch (cause) {
        host.report({ code: 'LISTENER_FAILED', message: 'data() of the option ping threw', cause });
      }
    },
    finish() {
      // A plain server keeps no producers.
    },
    refusal: () => null,
    end() {
      isOpen = false;
      isFlowing = false;
      pingedAt = null;
      const { own } = host.queue;
      for (const entry of own.entries) {
        if (entry.status !== 'inFlight') continue;
        const message = 'the connection ended after it was written: it may have arrived, and is not sent again';
        own.fail(entry, { code: 'OUTCOME_UNKNOWN', message, details: { seq: entry.seq } });
      }
    },
  };
}
