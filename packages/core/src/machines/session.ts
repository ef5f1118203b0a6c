import type { Failure } from '../lib/errors.ts';
import { messageFrame } from '../protocol/binary.ts';
import { NORMAL, PROTOCOL_ERROR } from '../protocol/close-codes.ts';
import { MOST_RETRY_AFTER_MS } from '../protocol/close-reason.ts';
import { decodeServerMessage } from '../protocol/decode.ts';
import { frameBatch } from '../protocol/frame-batch.ts';
import {
  encodeAuth,
  encodeFin,
  encodeHello,
  encodePing,
  encodePong,
  encodeProducers,
  encodeReceived,
  encodeSkip,
  VERSION,
  type MessageData,
  type ServerFrame,
  type Taken,
  type Welcome,
} from '../protocol/frames.ts';
import type { Conversation, ConversationHost } from './conversation.ts';
import { Listing } from './listing.ts';
import { isBlocked, tooLarge } from './outbox.ts';
import type { Entry, ProducerLog } from './producer-log.ts';
import { Suspicion } from './suspicion.ts';

/** The largest message before the server has told its limit: a server's own default. */
const FIRST_MESSAGE_BYTES = 262_144;
/** Producers that may be listed before the server has told its limit. */
const FIRST_PRODUCERS = 16;
/** An acknowledgement waits this long for company, or until so many messages are unacknowledged. */
const ACK_WITHIN_MS = 25;
const ACK_AT_ONCE = 64;
/**
 * With so many in flight a message waits this long for company, or until an answer comes, as in Nagle's algorithm
 * (RFC 896): a stream takes fewer frames, and one that is sent on its own waits for nothing.
 */
const STREAM_IN_FLIGHT = 64;
const STREAM_WITHIN_MS = 2;

/** The client's end of `holdfast.v1`: one session over all connections of a page. */
export function holdfastSession(host: ConversationHost): Conversation {
  const { queue } = host;
  /** Producer ids whose deletion is committed and that the server may forget. */
  const finished = new Set<string>();
  const suspicion = new Suspicion(() => host.now());

  // The session.
  /** The newest welcome, of an earlier connection too: it names the session, and gives clock and limits. */
  let latest: Welcome | null = null;
  let welcomedAt = 0;
  let hellos = 0;
  let received = 0;

  // The connection.
  let phase: 'none' | 'greeting' | 'prepared' | 'flowing' = 'none';
  /** In the order in which they were listed, which is that of the server's answers. */
  let listings: Listing[] = [];
  let listingOf = new Map<ProducerLog, Listing>();
  /** How many of them the server has answered for. */
  let answered = 0;
  /** Ids of those that are not finished: what the server's limit counts. */
  const unfinished = new Set<string>();
  let acknowledged = 0;
  const batch = frameBatch((data) => host.write(data));
  let pings = 0;
  /** Null: it has been answered. */
  let pingedAt: number | null = null;
  /** How long the server said that the client should wait. */
  let waitMs: number | null = null;

  function serverAheadMs(): number | null {
    return latest && latest.time - welcomedAt;
  }

  function isWelcomed(): boolean {
    return phase === 'prepared' || phase === 'flowing';
  }

  function isGone(): boolean {
    return phase === 'none';
  }

  /** Told now, or on the next connection. */
  function finish(id: string): void {
    finished.add(id);
    if (isWelcomed()) host.requestFlush();
  }

  function open(token: string | null): void {
    phase = 'greeting';
    waitMs = null;
    hellos += 1;
    listings = [];
    listingOf = new Map();
    answered = 0;
    unfinished.clear();
    const { own, logs } = queue;
    // The own one comes on top of those that the server's limit counts.
    const most = Math.min(FIRST_PRODUCERS - 1, latest?.limits.producers ?? FIRST_PRODUCERS);
    const others = logs.filter((log) => log !== own).slice(0, most);
    host.write(
      encodeHello({
        v: VERSION,
        client: host.identity().clientId,
        n: hellos,
        producers: list([own, ...others]),
        ...(latest !== null && { session: latest.session, key: latest.key, epoch: latest.epoch, received }),
        ...(token !== null && { auth: token }),
      }),
    );
  }

  function start(): void {
    phase = 'flowing';
    suspicion.start(queue.logs);
    flush();
  }

  function end(code?: number): void {
    if (phase === 'flowing') suspicion.ended(code, queue.logs);
    phase = 'none';
    waitMs = null;
    batch.clear();
    const { direct, logs } = queue;
    // What onConnect sent is not sent again by anybody.
    if (direct !== null && direct.nextSeq > 1) finished.add(direct.id);
    for (const log of logs) log.rewind();
  }

  function ping(): void {
    if (!isWelcomed()) return;
    pings += 1;
    pingedAt = host.now();
    batch.push(encodePing(pings));
    flush();
  }

  function flush(): void {
    const welcome = latest;
    if (welcome === null || !isWelcomed()) return;
    if (received > acknowledged) {
      acknowledged = received;
      batch.push(encodeReceived(received));
    }
    for (const id of finished) {
      batch.push(encodeFin(id));
      unfinished.delete(id);
    }
    finished.clear();
    const { direct, logs } = queue;
    const first = direct === null ? [] : [direct];
    const isFlowing = phase === 'flowing';
    // Listed by its first message: an app whose onConnect sends nothing costs the server no producer.
    announce(first.filter((log) => !log.isSettled));
    // Logs that were adopted since the hello, or found no place in it.
    if (isFlowing) announce(logs, welcome.limits.producers - unfinished.size);
    const quietMs = isFlowing ? suspicion.waitMs() : 0;
    if (quietMs > 0) host.requestFlushWithin(quietMs);
    pump([...first, ...logs], isFlowing && quietMs === 0, welcome);
    batch.flush();
  }

  function receive(data: unknown): void {
    if (isGone()) return;
    const decoded = decodeServerMessage(data);
    if (!decoded.ok) {
      breach(decoded.fault.message, decoded.fault.closeCode);
      return;
    }
    for (const frame of decoded.frames) {
      // A frame may end the connection, or a listener of the app may.
      if (isGone()) return;
      take(frame);
    }
  }

  function refusal(bytes: number, most?: number | null): Failure | null {
    return tooLarge(bytes, Math.min(most ?? Infinity, latest?.limits.messageBytes ?? most ?? FIRST_MESSAGE_BYTES));
  }

  function take(frame: ServerFrame): void {
    if (!isWelcomed() && frame.kind !== 'welcome' && frame.kind !== 'error') {
      breach(`${frame.kind} came before the welcome`);
      return;
    }
    switch (frame.kind) {
      case 'welcome':
        takeWelcome(frame.welcome);
        return;
      case 'taken':
        takeTaken(frame.taken);
        return;
      case 'm':
        takeMessage(frame.offset, frame.payload);
        return;
      case 'a':
      case 'r': {
        const { producer, seq } = frame;
        const listing = listings[producer];
        const isLawful = frame.kind === 'a' ? listing?.acknowledge(seq) : listing?.refuse(seq, frame.error);
        if (isLawful === true) host.requestFlush();
        else breach(`${frame.kind} is for what was never sent (producer ${producer}, seq ${seq})`);
        return;
      }
      case 'p':
        batch.push(encodePong(frame.n));
        host.requestFlush();
        return;
      case 'drain':
        host.drained(frame.withinMs);
        return;
      case 'reauth': {
        const at = hellos;
        host.renew(frame.withinMs, (token) => {
          // The hello of a later connection has brought a token of its own.
          if (!isWelcomed() || at !== hellos) return;
          batch.push(encodeAuth(token));
          host.requestFlush();
        });
        return;
      }
      case 'q':
        if (frame.n !== pings || pingedAt === null) return;
        host.roundTrip(host.now() - pingedAt);
        pingedAt = null;
        return;
      case 'error': {
        const { code, message, retryAfterMs = 0 } = frame.error;
        waitMs = Math.min(retryAfterMs, MOST_RETRY_AFTER_MS) || null;
        // Everything else that a server says before it closes the close code tells, too.
        if (code === 'PROTOCOL_ERROR')
          host.report({ code, message: `the server said ${code}: ${message}`, details: { code } });
        return;
      }
    }
  }

  function takeWelcome(welcome: Welcome): void {
    const asked = listings.length;
    if (isWelcomed() || welcome.taken.length !== asked) {
      breach(`a second welcome, or one for ${welcome.taken.length} producers, not ${asked}`);
      return;
    }
    const { peer } = host.identity();
    if (peer === null) host.onPeer(welcome.identity);
    else if (peer !== welcome.identity) {
      const message = 'the server knows this client as another identity than the one that the outbox belongs to';
      host.fail({ code: 'IDENTITY_MISMATCH', message }, NORMAL);
      return;
    }
    phase = 'prepared';
    latest = welcome;
    welcomedAt = host.now();
    received = welcome.offset;
    acknowledged = welcome.offset;
    takeTaken(welcome.taken);
    if (welcome.lost !== undefined && !isGone()) host.lost(welcome.lost);
    // A listener of what was just told may have ended the connection: the next one has not been welcomed.
    if (isGone()) return;
    host.welcomed({ resumed: welcome.resumed && welcome.lost === undefined, heartbeat: welcome.heartbeat });
  }

  function takeTaken(taken: readonly Taken[]): void {
    const asked = listings.length - answered;
    if (taken.length > asked) {
      breach(`taken answers for ${taken.length} producers, ${asked} were asked for`);
      return;
    }
    for (const answer of taken) {
      const listing = listings[answered] as Listing;
      answered += 1;
      const { log } = listing;
      // Nobody but this page ever sent of its own log; of one that was stored more may be taken than was stored.
      if (log === queue.own && answer !== null && !listing.canBeTakenTo(answer[0])) {
        breach(`taken has ${answer[0]} of a log of which ${log.maybeSent} were sent`);
        return;
      }
      listing.begin(answer);
      // A listener of what became of the messages has ended the connection.
      if (isGone()) return;
      log.takeRestored();
      judge(log, log.entries);
    }
    host.requestFlush();
  }

  /** Applies the server's limit and clock to messages that were there before its answer, or came from storage after it. */
  function judge(log: ProducerLog, entries: readonly Entry[]): void {
    const now = host.now();
    for (const entry of entries) {
      if (entry.status !== 'queued') continue;
      const failure = refusal(entry.bytes);
      if (failure !== null) log.fail(entry, failure);
      if (entry.ttl === null) continue;
      // What a gone page left can expire only now: by the server's clock, and once it is proven untaken.
      const age = entry.ttl.since === null ? 0 : (serverAheadMs() as number) + now - entry.ttl.since;
      entry.expiresAt ??= now + entry.ttl.ms - Math.max(0, age);
      host.expireAt(entry.expiresAt);
    }
  }

  function takeMessage(offset: number, payload: MessageData): void {
    if (offset !== received + 1) {
      breach(`offset ${offset} came after ${received}`);
      return;
    }
    host.deliver(payload);
    // Counted after the app had it: a crash in between makes the server send it again to nobody, never lose it.
    received = offset;
    if (received - acknowledged >= ACK_AT_ONCE) host.requestFlush();
    else host.requestFlushWithin(ACK_WITHIN_MS);
  }

  /** Lists those of the logs that are not listed yet, as far as there is room. */
  function announce(logs: readonly ProducerLog[], room = 1): void {
    const fresh = logs.filter((log) => !listingOf.has(log)).slice(0, Math.max(0, room));
    if (fresh.length > 0) batch.push(encodeProducers(list(fresh)));
  }

  function list(logs: readonly ProducerLog[]): readonly Listing['claim'][] {
    return logs.map((log) => {
      const listing = new Listing(log, listings.length);
      listings.push(listing);
      listingOf.set(log, listing);
      unfinished.add(log.id);
      return listing.claim;
    });
  }

  /**
   * Writes every message that may be sent now, in order. The window is shared, but each log may always have one message
   * in flight, so that none starves and none is too big. Before the outbox flows only what `onConnect` sends does.
   */
  function pump(logs: readonly ProducerLog[], isFlowing: boolean, { window }: Welcome): void {
    let messages = logs.reduce((sum, log) => sum + log.inFlight, 0);
    let bytes = logs.reduce((sum, log) => sum + log.inFlightBytes, 0);
    // Asked once: for each message it would cost as much as sending it.
    const now = host.now();
    for (const log of logs) {
      const listing = listingOf.get(log);
      if (listing?.isReady !== true || !(isFlowing || log === queue.direct)) continue;
      judge(log, log.takeRestored());
      if (isBlocked(queue, log)) continue;
      for (let entry = log.peek(); entry !== undefined; entry = log.peek()) {
        // Its timer has not run yet: it came from storage in this turn.
        if (entry.expiresAt !== null && !entry.maybeSent && entry.expiresAt <= now) break;
        const isCareful = log !== queue.direct && suspicion.isCareful;
        if (isCareful) {
          if (messages > 0) return;
          batch.flush();
        }
        const fits = messages < window.messages && bytes + entry.bytes <= window.bytes;
        if (!fits && log.inFlight > 0) break;
        const skipsTo = listing.send(entry);
        messages += 1;
        bytes += entry.bytes;
        if (skipsTo !== null) batch.push(encodeSkip(listing.index, skipsTo));
        batch.push(messageFrame(entry.payload, listing.index, entry.seq));
        host.expectAnswer();
        if (isCareful) batch.flush();
        if (log !== queue.direct) suspicion.sent(log, entry);
      }
    }
  }

  function breach(message: string, closeCode: number = PROTOCOL_ERROR): void {
    host.fail({ code: 'PROTOCOL_ERROR', message }, closeCode);
  }

  return {
    get retryAfterMs() {
      return waitMs;
    },
    get serverAheadMs() {
      return serverAheadMs();
    },
    finish,
    open,
    start,
    end,
    ping,
    // All messages of a turn share what goes on the wire.
    appended(log) {
      if (log.inFlight < STREAM_IN_FLIGHT) host.requestFlush();
      else host.requestFlushWithin(STREAM_WITHIN_MS);
    },
    flush,
    receive,
    refusal,
  };
}
