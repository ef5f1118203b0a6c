import type { Failure, Json } from '../lib/errors.ts';
import { CLOSE } from '../protocol/close-codes.ts';
import { decodeServerMessage } from '../protocol/decode.ts';
import {
  encodeFin,
  encodeHello,
  encodeMessage,
  encodePing,
  encodePong,
  encodeProducers,
  encodeReceived,
  encodeSkip,
  VERSION,
  type ServerFrame,
  type Taken,
  type Welcome,
} from '../protocol/frames.ts';
import type { Conversation, ConversationHost } from './conversation.ts';
import { Listing } from './listing.ts';
import type { OutboxQueue } from './outbox.ts';
import type { ProducerLog } from './producer-log.ts';

/** Frames of one turn share a WebSocket message up to this size (UTF-16 units, close enough for a target). */
const BATCH_LENGTH = 16_384;
/** Producers that may be listed before the server has told its limit. */
const FIRST_PRODUCERS = 16;
/** However long a server asks its clients to wait, it is asked again by then. */
const MOST_RETRY_AFTER_MS = 600_000;
/** An acknowledgement waits this long for company, or until so many messages are unacknowledged. */
const ACK_WITHIN_MS = 25;
const ACK_AT_ONCE = 64;

/** The client's end of `holdfast.v1`: one session over all connections of a page. */
export class HoldfastSession implements Conversation {
  retryAfterMs: number | null = null;
  readonly #host: ConversationHost;
  readonly #queue: OutboxQueue;
  /** Producer ids whose deletion is committed and that the server may forget. */
  readonly #finished = new Set<string>();

  // The session.
  /** The newest, of an earlier connection too: it names the session, and gives clock and limits. */
  #welcome: Welcome | null = null;
  #welcomedAt = 0;
  #hellos = 0;
  #received = 0;

  // The connection.
  #phase: 'none' | 'greeting' | 'prepared' | 'flowing' = 'none';
  /** In the order in which they were listed, which is that of the server's answers. */
  #listings: Listing[] = [];
  #listingOf = new Map<ProducerLog, Listing>();
  /** How many of them the server has answered for. */
  #answered = 0;
  /** Ids of those that are not finished: what the server's limit counts. */
  readonly #open = new Set<string>();
  #acknowledged = 0;
  #batch = '';
  #pings = 0;
  #pingedAt = 0;

  constructor(host: ConversationHost) {
    this.#host = host;
    this.#queue = host.queue;
  }

  get serverNow(): number | null {
    return this.#welcome && this.#welcome.time + this.#host.now() - this.#welcomedAt;
  }

  get #maxBytes(): number {
    return this.#welcome?.limits.messageBytes ?? Number.POSITIVE_INFINITY;
  }

  get #isWelcomed(): boolean {
    return this.#phase === 'prepared' || this.#phase === 'flowing';
  }

  get #isGone(): boolean {
    return this.#phase === 'none';
  }

  /** Told now, or on the next connection. */
  finish(id: string): void {
    this.#finished.add(id);
    if (this.#isWelcomed) this.#host.requestFlush();
  }

  open(token: string | null): void {
    this.#phase = 'greeting';
    this.retryAfterMs = null;
    this.#hellos += 1;
    this.#listings = [];
    this.#listingOf = new Map();
    this.#answered = 0;
    this.#open.clear();
    const { own, logs } = this.#queue;
    const welcome = this.#welcome;
    // The own one comes on top of those that the server's limit counts.
    const most = Math.min(FIRST_PRODUCERS - 1, welcome?.limits.producers ?? FIRST_PRODUCERS);
    const others = logs.filter((log) => log !== own).slice(0, most);
    this.#host.write(
      encodeHello({
        v: VERSION,
        client: this.#host.identity().clientId,
        n: this.#hellos,
        producers: this.#list([own, ...others]),
        ...(welcome !== null && {
          session: welcome.session,
          key: welcome.key,
          epoch: welcome.epoch,
          received: this.#received,
        }),
        ...(token !== null && { auth: token }),
      }),
    );
  }

  start(): void {
    this.#phase = 'flowing';
    this.flush();
  }

  end(): void {
    this.#phase = 'none';
    this.retryAfterMs = null;
    this.#batch = '';
    const { direct, logs } = this.#queue;
    // What onConnect sent is not sent again by anybody.
    if (direct !== null && direct.nextSeq > 1) this.#finished.add(direct.id);
    for (const log of logs) log.rewind();
  }

  ping(): void {
    if (!this.#isWelcomed) return;
    this.#pings += 1;
    this.#pingedAt = this.#host.now();
    this.#put(encodePing(this.#pings));
    this.flush();
  }

  /** All messages of a turn share what goes on the wire. */
  appended(): void {
    this.#host.requestFlush();
  }

  flush(): void {
    const welcome = this.#welcome;
    if (welcome === null || !this.#isWelcomed) return;
    if (this.#received > this.#acknowledged) {
      this.#acknowledged = this.#received;
      this.#put(encodeReceived(this.#received));
    }
    for (const id of this.#finished) {
      this.#put(encodeFin(id));
      this.#open.delete(id);
    }
    this.#finished.clear();
    const { direct, logs } = this.#queue;
    const first = direct === null ? [] : [direct];
    const isFlowing = this.#phase === 'flowing';
    // Listed by its first message: an app whose onConnect sends nothing costs the server no producer.
    this.#announce(first.filter((log) => !log.isSettled));
    // Logs that were adopted since the hello, or found no place in it.
    if (isFlowing) this.#announce(logs, welcome.limits.producers - this.#open.size);
    this.#pump([...first, ...logs], isFlowing, welcome);
    this.#write();
  }

  receive(data: unknown): void {
    if (this.#isGone) return;
    const decoded = decodeServerMessage(data);
    if (!decoded.ok) {
      this.#breach(decoded.fault.message, decoded.fault.closeCode);
      return;
    }
    for (const frame of decoded.frames) {
      // A frame may end the connection, or a listener of the app may.
      if (this.#isGone) return;
      this.#take(frame);
    }
  }

  refusal(bytes: number): Failure | null {
    const limit = this.#maxBytes;
    if (bytes <= limit) return null;
    const message = `a message of ${bytes} bytes is above the server's limit of ${limit}`;
    return { code: 'MESSAGE_TOO_LARGE', message, details: { bytes, limit } };
  }

  #take(frame: ServerFrame): void {
    if (!this.#isWelcomed && frame.kind !== 'welcome' && frame.kind !== 'error') {
      this.#breach(`${frame.kind} came before the welcome`);
      return;
    }
    switch (frame.kind) {
      case 'welcome':
        this.#takeWelcome(frame.welcome);
        return;
      case 'taken':
        this.#takeTaken(frame.taken);
        return;
      case 'm':
        this.#takeMessage(frame.offset, frame.payload);
        return;
      case 'a':
      case 'r': {
        const { producer, seq } = frame;
        const listing = this.#listings[producer];
        const isLawful = frame.kind === 'a' ? listing?.acknowledge(seq) : listing?.refuse(seq, frame.error);
        if (isLawful === true) this.#host.requestFlush();
        else this.#breach(`${frame.kind} is for what was never sent (producer ${producer}, seq ${seq})`);
        return;
      }
      case 'p':
        this.#put(encodePong(frame.n));
        this.#host.requestFlush();
        return;
      case 'drain':
        this.#host.drained(frame.withinMs);
        return;
      case 'q':
        if (frame.n === this.#pings) this.#host.roundTrip(this.#host.now() - this.#pingedAt);
        return;
      case 'error': {
        const { code, message, retryAfterMs = 0 } = frame.error;
        this.retryAfterMs = Math.min(retryAfterMs, MOST_RETRY_AFTER_MS) || null;
        // Everything else that a server says before it closes the close code tells, too.
        if (code === 'PROTOCOL_ERROR')
          this.#host.report({ code, message: `the server said ${code}: ${message}`, details: { code } });
        return;
      }
    }
  }

  #takeWelcome(welcome: Welcome): void {
    const asked = this.#listings.length;
    if (this.#isWelcomed || welcome.taken.length !== asked) {
      this.#breach(`a second welcome, or one for ${welcome.taken.length} producers, not ${asked}`);
      return;
    }
    const { peer } = this.#host.identity();
    if (peer === null) this.#host.onPeer(welcome.identity);
    else if (peer !== welcome.identity) {
      const message = 'the server knows this client as another identity than the one that the outbox belongs to';
      this.#host.fail({ code: 'IDENTITY_MISMATCH', message }, CLOSE.NORMAL);
      return;
    }
    this.#phase = 'prepared';
    this.#welcome = welcome;
    this.#welcomedAt = this.#host.now();
    this.#received = welcome.offset;
    this.#acknowledged = welcome.offset;
    this.#takeTaken(welcome.taken);
    if (welcome.lost !== undefined && !this.#isGone) this.#host.lost(welcome.lost);
    // A listener of what was just told may have ended the connection: the next one has not been welcomed.
    if (this.#isGone) return;
    this.#host.welcomed({ resumed: welcome.resumed && welcome.lost === undefined, heartbeat: welcome.heartbeat });
  }

  #takeTaken(taken: readonly Taken[]): void {
    const asked = this.#listings.length - this.#answered;
    if (taken.length > asked) {
      this.#breach(`taken answers for ${taken.length} producers, ${asked} were asked for`);
      return;
    }
    for (const answer of taken) {
      const listing = this.#listings[this.#answered] as Listing;
      this.#answered += 1;
      const { log } = listing;
      // Nobody but this page ever sent of its own log; of one that was stored more may be taken than was stored.
      if (log === this.#queue.own && answer !== null && !listing.canBeTakenTo(answer[0])) {
        this.#breach(`taken has ${answer[0]} of a log of which ${log.maybeSent} were sent`);
        return;
      }
      listing.begin(answer);
      // A listener of what became of the messages has ended the connection.
      if (this.#isGone) return;
      for (const entry of log.entries) {
        if (entry.status !== 'queued') continue;
        const failure = this.refusal(entry.bytes);
        if (failure !== null) log.fail(entry, failure);
        if (entry.ttl === null) continue;
        // What a gone page left can expire only now: by the server's clock, and once it is proven untaken.
        const age = entry.ttl.since === null ? 0 : (this.serverNow as number) - entry.ttl.since;
        entry.expiresAt ??= this.#host.now() + entry.ttl.ms - Math.max(0, age);
        this.#host.expireAt(entry.expiresAt);
      }
    }
    this.#host.requestFlush();
  }

  #takeMessage(offset: number, payload: Json): void {
    if (offset !== this.#received + 1) {
      this.#breach(`offset ${offset} came after ${this.#received}`);
      return;
    }
    this.#host.deliver(payload);
    // Counted after the app had it: a crash in between makes the server send it again to nobody, never lose it.
    this.#received = offset;
    if (this.#received - this.#acknowledged >= ACK_AT_ONCE) this.#host.requestFlush();
    else this.#host.requestFlushWithin(ACK_WITHIN_MS);
  }

  /** Lists those of the logs that are not listed yet, as far as there is room. */
  #announce(logs: readonly ProducerLog[], room = 1): void {
    const fresh = logs.filter((log) => !this.#listingOf.has(log)).slice(0, Math.max(0, room));
    if (fresh.length > 0) this.#put(encodeProducers(this.#list(fresh)));
  }

  #list(logs: readonly ProducerLog[]): readonly Listing['claim'][] {
    return logs.map((log) => {
      const listing = new Listing(log, this.#listings.length);
      this.#listings.push(listing);
      this.#listingOf.set(log, listing);
      this.#open.add(log.id);
      return listing.claim;
    });
  }

  /**
   * Writes every message that may be sent now, in order. The window is shared, but each log may always have one message
   * in flight, so that none starves and none is too big. Before the outbox flows only what `onConnect` sends does.
   */
  #pump(logs: readonly ProducerLog[], isFlowing: boolean, { window }: Welcome): void {
    let messages = logs.reduce((sum, log) => sum + log.inFlight, 0);
    let bytes = logs.reduce((sum, log) => sum + log.inFlightBytes, 0);
    for (const log of logs) {
      const listing = this.#listingOf.get(log);
      if (listing?.isReady !== true || !(isFlowing || log === this.#queue.direct) || this.#isBlocked(log)) continue;
      for (let entry = log.peek(); entry !== undefined; entry = log.peek()) {
        const fits = messages < window.messages && bytes + entry.bytes <= window.bytes;
        if (!fits && log.inFlight > 0) break;
        const skipsTo = listing.send(entry);
        messages += 1;
        bytes += entry.bytes;
        if (skipsTo !== null) this.#put(encodeSkip(listing.index, skipsTo));
        this.#put(encodeMessage(listing.index, entry.seq, entry.payload));
        this.#host.expectAnswer();
      }
    }
  }

  /** Whether a log before this one is here and unsettled, behind settled ones too. */
  #isBlocked(log: ProducerLog): boolean {
    for (let { after } = log; after !== null; { after } = after) {
      if (!after.isSettled && this.#queue.logs.includes(after)) return true;
    }
    return false;
  }

  #put(frame: string): void {
    if (this.#batch.length > 0 && this.#batch.length + frame.length >= BATCH_LENGTH) this.#write();
    this.#batch += this.#batch === '' ? frame : `\n${frame}`;
  }

  #write(): void {
    if (this.#batch === '') return;
    const text = this.#batch;
    this.#batch = '';
    this.#host.write(text);
  }

  #breach(message: string, closeCode: number = CLOSE.PROTOCOL_ERROR): void {
    this.#host.fail({ code: 'PROTOCOL_ERROR', message }, closeCode);
  }
}
