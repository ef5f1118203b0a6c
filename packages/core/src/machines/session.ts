import type { Failure, Json } from '../lib/errors.ts';
import { CLOSE } from '../protocol/close-codes.ts';
import { decodeServerMessage } from '../protocol/decode.ts';
import { encode, VERSION, type ServerFrame, type Taken, type Welcome } from '../protocol/frames.ts';
import type { Conversation, ConversationHost } from './conversation.ts';
import type { OutboxQueue } from './outbox.ts';
import type { Entry, ProducerLog } from './producer-log.ts';

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
  #maxBytes = Number.POSITIVE_INFINITY;
  readonly #outbox: OutboxQueue;
  readonly #host: ConversationHost;
  /** Producer ids whose deletion is committed and that the server may forget. */
  readonly #finished = new Set<string>();

  // The session.
  #session: { id: string; key: string; epoch: string } | null = null;
  #hellos = 0;
  #received = 0;

  // The connection.
  #phase: 'none' | 'greeting' | 'prepared' | 'flowing' = 'none';
  #welcome: Welcome | null = null;
  #welcomedAt = 0;
  #listed: ProducerLog[] = [];
  /** Those of them that are not finished: what the server's limit counts. */
  readonly #open = new Set<string>();
  /** Logs whose `taken` has not come yet, in order. */
  #asked: ProducerLog[] = [];
  #direct: ProducerLog | null = null;
  #acknowledged = 0;
  #batch: string[] = [];
  #batchLength = 0;
  #pings = 0;
  #pingedAt = 0;

  constructor(host: ConversationHost) {
    this.#host = host;
    this.#outbox = host.queue;
  }

  get serverNow(): number | null {
    return this.#welcome === null ? null : this.#welcome.time + (this.#host.now() - this.#welcomedAt);
  }

  /** Told now, or on the next connection. */
  finish(id: string): void {
    this.#finished.add(id);
    if (this.#phase !== 'none' && this.#phase !== 'greeting') this.#host.requestFlush();
  }

  open(token: string | null, direct: ProducerLog | null): void {
    this.#phase = 'greeting';
    this.#direct = direct;
    this.retryAfterMs = null;
    this.#hellos += 1;
    this.#listed = [];
    this.#open.clear();
    this.#asked = [];
    const own = this.#outbox.own;
    // The own one comes on top of those that the server's limit counts.
    const most = Math.min(FIRST_PRODUCERS - 1, this.#welcome?.limits.producers ?? FIRST_PRODUCERS);
    const others = this.#outbox.logs.filter((log) => log !== own).slice(0, most);
    const logs = [own, ...others];
    this.#list(logs);
    const { clientId } = this.#host.identity();
    this.#host.write(
      encode.hello({
        v: VERSION,
        client: clientId,
        n: this.#hellos,
        producers: logs.map((log) => log.claim()),
        ...(this.#session !== null && {
          session: this.#session.id,
          key: this.#session.key,
          epoch: this.#session.epoch,
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
    // What onConnect sent is not sent again by anybody.
    if (this.#direct !== null && this.#direct.nextSeq > 1) this.#finished.add(this.#direct.id);
    this.#direct = null;
    for (const log of this.#outbox.logs) log.unlist();
    this.#batch = [];
    this.#batchLength = 0;
  }

  ping(): void {
    if (this.#phase === 'none' || this.#phase === 'greeting') return;
    this.#pings += 1;
    this.#pingedAt = this.#host.now();
    this.#put(encode.ping(this.#pings));
    this.flush();
  }

  flush(): void {
    if (this.#phase === 'none' || this.#phase === 'greeting') return;
    if (this.#received > this.#acknowledged) {
      this.#acknowledged = this.#received;
      this.#put(encode.received(this.#received));
    }
    for (const id of this.#finished) {
      this.#put(encode.fin(id));
      this.#open.delete(id);
    }
    this.#finished.clear();
    const direct = this.#direct;
    // Listed by its first message: an app whose onConnect sends nothing costs the server no producer.
    if (direct !== null && !direct.isSettled && direct.index === null) this.#announce([direct]);
    const isFlowing = this.#phase === 'flowing';
    if (isFlowing) this.#listMore();
    this.#outbox.pump(
      (this.#welcome as Welcome).window,
      (log, entry, skipsTo) => this.#clientMessage(log, entry, skipsTo),
      {
        direct,
        isFlowing,
      },
    );
    this.#write();
  }

  receive(data: unknown): void {
    if (this.#phase === 'none') return;
    const decoded = decodeServerMessage(data);
    if (!decoded.ok) {
      this.#protocolError(decoded.fault.message, decoded.fault.closeCode);
      return;
    }
    for (const frame of decoded.frames) {
      // A frame may end the connection, or a listener of the app may.
      if (this.#isGone()) return;
      this.#take(frame);
    }
  }

  #isGone(): boolean {
    return this.#phase === 'none';
  }

  #take(frame: ServerFrame): void {
    if (this.#phase === 'greeting' && frame.kind !== 'welcome' && frame.kind !== 'error') {
      this.#protocolError(`the server sent ${frame.kind} before its welcome`);
      return;
    }
    switch (frame.kind) {
      case 'welcome':
        this.#welcomed(frame.welcome);
        return;
      case 'taken':
        this.#takenFor(frame.taken);
        return;
      case 'm':
        this.#serverMessage(frame.offset, frame.payload);
        return;
      case 'a': {
        const log = this.#listed[frame.producer];
        if (log === undefined || !log.isReady || !log.acknowledge(frame.seq)) {
          this.#protocolError(
            `the server acknowledged what was never sent (producer ${frame.producer}, seq ${frame.seq})`,
          );
          return;
        }
        this.#host.requestFlush();
        return;
      }
      case 'r': {
        const log = this.#listed[frame.producer];
        if (log === undefined || !log.isReady || !log.refuse(frame.seq, frame.error)) {
          this.#protocolError(`the server refused what was never sent (producer ${frame.producer}, seq ${frame.seq})`);
          return;
        }
        this.#host.requestFlush();
        return;
      }
      case 'p':
        this.#put(encode.pong(frame.n));
        this.#host.requestFlush();
        return;
      case 'q':
        if (frame.n === this.#pings) this.#host.roundTrip(this.#host.now() - this.#pingedAt);
        return;
      case 'error':
        this.retryAfterMs = Math.min(frame.error.retryAfterMs ?? 0, MOST_RETRY_AFTER_MS) || null;
        // Everything else that a server says before it closes the close code tells, too.
        if (frame.error.code === 'PROTOCOL_ERROR') {
          this.#host.report({
            code: 'PROTOCOL_ERROR',
            message: `the server said ${frame.error.code}: ${frame.error.message}`,
            details: { code: frame.error.code },
          });
        }
        return;
    }
  }

  #welcomed(welcome: Welcome): void {
    if (this.#phase !== 'greeting') {
      this.#protocolError('the server sent a second welcome');
      return;
    }
    if (welcome.taken.length !== this.#asked.length) {
      this.#protocolError(`the welcome answers for ${welcome.taken.length} producers, not ${this.#asked.length}`);
      return;
    }
    const { peer } = this.#host.identity();
    if (peer !== null && peer !== welcome.identity) {
      this.#host.fail(
        {
          code: 'IDENTITY_MISMATCH',
          message: 'the server knows this client as another identity than the one that the outbox belongs to',
        },
        CLOSE.NORMAL,
      );
      return;
    }
    if (peer === null) this.#host.onPeer(welcome.identity);
    this.#phase = 'prepared';
    this.#welcome = welcome;
    this.#welcomedAt = this.#host.now();
    this.#maxBytes = welcome.limits.messageBytes;
    this.#session = { id: welcome.session, key: welcome.key, epoch: welcome.epoch };
    this.#received = welcome.offset;
    this.#acknowledged = welcome.offset;
    this.#takenFor(welcome.taken);
    if (welcome.lost !== undefined && !this.#isGone()) this.#host.lost(welcome.lost);
    // A listener of what was just told may have ended the connection: the next one has not been welcomed.
    if (this.#isGone()) return;
    this.#host.welcomed({ resumed: welcome.resumed && welcome.lost === undefined, heartbeat: welcome.heartbeat });
  }

  #takenFor(taken: readonly Taken[]): void {
    if (taken.length > this.#asked.length) {
      this.#protocolError(`the server answered for ${taken.length} producers, ${this.#asked.length} were asked for`);
      return;
    }
    for (const answer of taken) {
      const log = this.#asked.shift() as ProducerLog;
      // Nobody but this page ever sent of its own log; of one that was stored more may be taken than was stored.
      if (log === this.#outbox.own && answer !== null && !log.canBeTakenTo(answer[0])) {
        this.#protocolError(`the server has taken ${answer[0]} of a log of which ${log.maybeSent} were sent`);
        return;
      }
      log.begin(answer);
      // A listener of what became of the messages has ended the connection: nothing of it is ready on the next one.
      if (this.#isGone()) {
        log.unlist();
        return;
      }
      for (const entry of log.entries) if (entry.bytes > this.#maxBytes) log.fail(entry, this.#tooLarge(entry.bytes));
      for (const entry of log.entries) {
        // What a gone page left can expire only now: by the server's clock, and once it is proven untaken.
        if (entry.ttl === null || entry.expiresAt !== null) continue;
        const age = entry.ttl.since === null ? 0 : (this.serverNow as number) - entry.ttl.since;
        entry.expiresAt = this.#host.now() + entry.ttl.ms - Math.max(0, age);
      }
    }
    this.#host.requestFlush();
  }

  #tooLarge(bytes: number): Failure {
    return {
      code: 'MESSAGE_TOO_LARGE',
      message: `a message of ${bytes} bytes is above the server's limit of ${this.#maxBytes}`,
      details: { bytes, limit: this.#maxBytes },
    };
  }

  refusal(bytes: number): Failure | null {
    return bytes > this.#maxBytes ? this.#tooLarge(bytes) : null;
  }

  #serverMessage(offset: number, payload: Json): void {
    if (offset !== this.#received + 1) {
      this.#protocolError(`the server sent offset ${offset} after ${this.#received}`);
      return;
    }
    this.#host.deliver(payload);
    // Counted after the app had it: a crash in between makes the server send it again to nobody, never lose it.
    this.#received = offset;
    if (this.#received - this.#acknowledged >= ACK_AT_ONCE) this.#host.requestFlush();
    else this.#host.requestFlushWithin(ACK_WITHIN_MS);
  }

  /** Logs that were adopted since the hello, or found no place in it. */
  #listMore(): void {
    const room = (this.#welcome as Welcome).limits.producers - this.#open.size;
    const logs = this.#outbox.logs.filter((log) => log.index === null).slice(0, Math.max(0, room));
    if (logs.length === 0) return;
    this.#announce(logs);
  }

  #announce(logs: readonly ProducerLog[]): void {
    this.#list(logs);
    this.#put(encode.producers(logs.map((log) => log.claim())));
  }

  #list(logs: readonly ProducerLog[]): void {
    for (const log of logs) {
      log.index = this.#listed.length;
      this.#listed.push(log);
      this.#open.add(log.id);
      this.#asked.push(log);
    }
  }

  #clientMessage(log: ProducerLog, entry: Entry, skipsTo: number | null): void {
    const index = log.index as number;
    if (skipsTo !== null) this.#put(encode.skip(index, skipsTo));
    this.#put(encode.message(index, entry.seq, entry.payload));
  }

  #put(frame: string): void {
    if (this.#batchLength > 0 && this.#batchLength + frame.length > BATCH_LENGTH) this.#write();
    this.#batch.push(frame);
    this.#batchLength += frame.length + 1;
  }

  #write(): void {
    if (this.#batch.length === 0) return;
    const text = this.#batch.join('\n');
    this.#batch = [];
    this.#batchLength = 0;
    this.#host.write(text);
  }

  #protocolError(message: string, closeCode: number = CLOSE.PROTOCOL_ERROR): void {
    this.#host.fail({ code: 'PROTOCOL_ERROR', message }, closeCode);
  }
}
