import { bytesIn } from '../lib/bytes.ts';
import type { MessageData } from '../protocol/frames.ts';
import type { Conversation, OnceHost } from './conversation.ts';
import type { Confirm, Confirmation } from './confirmation.ts';
import { isBlocked, tooLarge } from './outbox.ts';
import type { Ping } from './ping.ts';
import type { ProducerLog } from './producer-log.ts';

/** How often a socket is asked whether it has written all it was given. There is no event for it. */
const DRAIN_CHECK_MS = 20;
/**
 * A socket that was given so much is given no more before some of it is gone, or confirmed: what waits can still be
 * withdrawn.
 */
const MOST_UNSETTLED_BYTES = 1_048_576;

/** What a WebSocket message is: JSON, a string, or a string or bytes. */
export type PlainCodec = 'json' | 'text' | 'raw';

/** What `plain()` was given, checked. */
export interface PlainSettings {
  readonly codec: PlainCodec;
  readonly ping?: Ping | undefined;
  readonly confirm?: Confirm | undefined;
  /** What becomes of a message that was written, and not confirmed when its connection ended. */
  readonly onDoubt: 'fail' | 'resend';
}

/**
 * A conversation with any WebSocket server. A message counts as delivered once the browser has given it to the network,
 * or once the server has confirmed it. What was written when the connection ends, and isn't confirmed, may have arrived or
 * not: it fails with OUTCOME_UNKNOWN (at most once), or is sent again (at least once where all is confirmed).
 */
export function plainConversation(host: OnceHost, settings: PlainSettings): Conversation {
  const { codec, ping, confirm, onDoubt } = settings;
  let isOpen = false;
  let isFlowing = false;
  /** Null: it has been answered. */
  let pingedAt: number | null = null;
  let confirmation: Confirmation | undefined;

  /** Settles what has left the browser, and that nothing else confirms. */
  function settle(log: ProducerLog): void {
    if (log.inFlight === 0) return;
    const buffered = host.bufferedAmount();
    // What still waits was written last, and behind this message there is at least the rest of its log.
    log.settleWhile(
      (entry) =>
        entry.status === 'inFlight' && log.inFlightBytes - entry.bytes >= buffered && confirmation?.has(entry) !== true,
    );
  }

  function write(log: ProducerLog): void {
    // Of what a gone page left nothing is asked.
    log.takeRestored();
    if (isBlocked(host.queue, log)) return;
    while (log.inFlightBytes < MOST_UNSETTLED_BYTES) {
      const entry = log.peek();
      if (entry === undefined) break;
      // What is stored could be sent by this page and by a later one: at most once means that storage forgets it first.
      if (onDoubt === 'fail' && !host.release(log, entry)) break;
      log.send(entry);
      host.expectAnswer();
      host.write(entry.payload);
      confirmation?.wrote(log, entry, () =>
        codec === 'json' ? (JSON.parse(entry.payload as string) as MessageData) : entry.payload,
      );
    }
    if (confirmation?.wantsPing === true) host.requestFlush();
    // Of what waits for a confirmation there is nothing to ask the browser.
    if (log.inFlight > (confirmation?.waiting ?? 0)) host.requestFlushWithin(DRAIN_CHECK_MS);
  }

  /** At once: a call of `send` is a message on the wire, as it is with a WebSocket. */
  function appended(): void {
    const { logs, direct } = host.queue;
    // A socket that a hidden page let go of is opened for it.
    if (!isOpen) host.requestFlush();
    else if (direct !== null) write(direct);
    if (isFlowing) logs.forEach(write);
  }

  function flush(): void {
    const { logs, direct } = host.queue;
    if (!isOpen) return;
    if (direct !== null) settle(direct);
    logs.forEach(settle);
    appended();
    if (confirmation?.wantsPing === true) sendPing();
  }

  function sendPing(): void {
    if (!isOpen || ping === undefined) return;
    try {
      const data = ping.data();
      pingedAt = host.now();
      host.write(data);
      confirmation?.pinged();
    } catch (cause) {
      threw(cause, 'data() of the option ping');
    }
  }

  function threw(cause: unknown, what: string): void {
    host.report({ code: 'LISTENER_FAILED', message: `${what} threw`, cause });
  }

  return {
    retryAfterMs: null,
    serverAheadMs: null,
    open() {
      isOpen = true;
      confirmation = confirm?.create(threw);
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
        confirmation?.ponged();
        host.requestFlush();
        return;
      }
      const bytes = codec === 'raw' ? bytesIn(data) : null;
      let message = bytes ?? (data as string as MessageData);
      if (codec === 'json' || (typeof data !== 'string' && bytes === null)) {
        try {
          // Bytes make no JSON either: their text is '[object ArrayBuffer]'.
          message = JSON.parse(data as string) as MessageData;
        } catch {
          // The parser's own message quotes the input, which may be secret.
          const size = typeof data === 'string' ? `${data.length} characters` : 'not text';
          const words = `the server sent what the ${codec} codec can't decode (${size})`;
          host.report({ code: 'BAD_MESSAGE', message: words });
          return;
        }
      }
      if (confirmation?.heard(message) === true) host.requestFlush();
      host.deliver(message);
    },
    start() {
      isFlowing = true;
      flush();
    },
    appended,
    flush,
    ping: sendPing,
    finish() {
      // A plain server keeps no producers.
    },
    refusal: (bytes, most) => tooLarge(bytes, most ?? Infinity),
    end() {
      isOpen = false;
      isFlowing = false;
      pingedAt = null;
      confirmation = undefined;
      for (const log of host.queue.logs) {
        if (onDoubt === 'resend') log.rewind();
        for (const entry of log.entries) {
          if (entry.status !== 'inFlight') continue;
          const message = 'the connection ended after it was written: it may have arrived, and is not sent again';
          log.fail(entry, { code: 'OUTCOME_UNKNOWN', message, details: { seq: entry.seq } });
        }
      }
      host.retain();
    },
  };
}
