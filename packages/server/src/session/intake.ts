import { CLOSE, encode, type ClientFrame, type ProducerClaim, type Refusal, type Taken } from '@holdfast/core/protocol';
import type { Limits } from './limits.ts';
import type { ProducerRegistry } from './producer-registry.ts';
import type { Producer } from './producer.ts';
import type { ServerSession } from './server-session.ts';
import { Slot, type SlotHost } from './slot.ts';

/** A connection remembers each producer that it listed, finished or not: over its life, so many times what it may at once. */
const MOST_TIMES_LISTED = 16;

/** What the intake needs of its connection. */
export interface IntakeHost {
  /** Whether what came on this connection may still start. */
  readonly mayRun: boolean;
  push(frame: string): void;
  /** Asks for a call of `flush` at the end of this turn. */
  requestFlush(): void;
  /** Says what is wrong and closes. */
  fail(closeCode: number, code: string, message: string): void;
}

/** A producer that this connection has listed. */
export interface Listed {
  readonly slot: Slot;
  readonly producer: Producer;
}

/** What comes in on one connection: the producers that it has listed, and the window that they share. */
export class Intake implements SlotHost {
  readonly session: ServerSession;
  readonly #limits: Limits;
  readonly #producers: ProducerRegistry;
  readonly #host: IntakeHost;
  /** By index, as the client counts them. */
  readonly #listed: Listed[] = [];
  #finished = 0;
  #inFlight = 0;
  #inFlightBytes = 0;
  /** What the next flush acknowledges: the last seq of each, and all refusals before it. */
  readonly #due = new Map<Slot, { seq: number; readonly refusals: Refusal[] }>();

  constructor(options: { session: ServerSession; limits: Limits; producers: ProducerRegistry; host: IntakeHost }) {
    this.session = options.session;
    this.#limits = options.limits;
    this.#producers = options.producers;
    this.#host = options.host;
  }

  get mayRun(): boolean {
    return this.#host.mayRun;
  }

  /** Whether so many producers more may be listed: the client's own comes on top of those that the limit counts. */
  hasRoomFor(count: number): boolean {
    const { length } = this.#listed;
    return (
      length - this.#finished + count <= this.#limits.producers + 1 &&
      length + count <= (this.#limits.producers + 1) * MOST_TIMES_LISTED
    );
  }

  /** Claims producers for this connection, at once; `answer` then tells what was taken of them. */
  claim(claims: readonly ProducerClaim[], order: number): readonly Listed[] {
    return claims.map((claim) => {
      const slot = new Slot(this, claim, this.#listed.length, order);
      const producer = this.#producers.obtain(this.#names(claim[0]));
      this.#listed.push({ slot, producer });
      producer.take(slot);
      return { slot, producer };
    });
  }

  /** Resolves when `answer` can be given. Rejects when the store fails. */
  async ready(listed: readonly Listed[]): Promise<void> {
    await Promise.all(listed.map(({ slot, producer }) => producer.ready(slot)));
  }

  answer(listed: readonly Listed[]): readonly Taken[] {
    return listed.map(({ slot, producer }) => producer.begin(slot));
  }

  message(frame: ClientFrame & { readonly kind: 'm' }): void {
    const listed = this.#sender(frame, (last) => frame.seq === last + 1);
    if (listed === null) return;
    const { slot, producer } = listed;
    if (!this.#hasWindow(slot, frame.bytes)) {
      this.#fault(
        frame,
        `is beyond the window: ${this.#inFlight} messages and ${this.#inFlightBytes} bytes are unacknowledged`,
      );
      return;
    }
    slot.last = frame.seq;
    slot.inFlight.push({ seq: frame.seq, bytes: frame.bytes });
    this.#inFlight += 1;
    this.#inFlightBytes += frame.bytes;
    producer.accept(slot, frame.seq, frame.payload);
  }

  skip(frame: ClientFrame & { readonly kind: 's' }): void {
    const listed = this.#sender(frame, (last) => frame.seq > last);
    if (listed === null) return;
    listed.slot.last = frame.seq;
    listed.producer.skip(frame.seq);
  }

  /** The client has deleted a log. */
  finish(id: string): void {
    const producer = this.#producers.obtain(this.#names(id));
    const { owner } = producer;
    // Another connection of this client has claimed it: the log lives. Or something of it is still on its way.
    const isInUse = owner !== null && (owner.host !== this || !owner.isTold || owner.inFlight.length > 0);
    if (isInUse) return;
    for (const { slot } of this.#listed) {
      if (slot.claim[0] !== id || slot.isFinished) continue;
      slot.isFinished = true;
      this.#finished += 1;
    }
    producer.disown();
    void producer.forget();
  }

  /** The connection is gone. */
  end(discard: boolean): void {
    for (const { slot, producer } of this.#listed) producer.abandon(slot, discard);
  }

  /** Pushes the acknowledgements that are due. */
  flush(): void {
    for (const [slot, { seq, refusals }] of this.#due) {
      for (const [refused, error] of refusals) this.#host.push(encode.refuse(slot.index, refused, error));
      this.#host.push(encode.acknowledge(slot.index, seq));
      // The client can't have counted it as free any earlier.
      this.#free(slot, seq);
    }
    this.#due.clear();
  }

  acknowledge(slot: Slot, seq: number, refusals: readonly Refusal[]): void {
    const due = this.#due.get(slot) ?? { seq, refusals: [] };
    due.seq = seq;
    due.refusals.push(...refusals);
    this.#due.set(slot, due);
    this.#host.requestFlush();
  }

  displaced(slot: Slot): void {
    this.#free(slot, Number.POSITIVE_INFINITY);
  }

  claimLost({ index, isTold, isFinished }: Slot): void {
    if (isTold && !isFinished) this.#claimLost(index);
  }

  storeFailed(): void {
    this.#host.fail(CLOSE.INTERNAL_ERROR, 'STORE_FAILED', 'the server could not write down what it took');
  }

  /** The producer that a frame belongs to; null: the frame counts for nothing. */
  #sender(frame: ClientFrame & { readonly kind: 'm' | 's' }, follows: (last: number) => boolean): Listed | null {
    const listed = this.#listed[frame.producer];
    if (listed === undefined || !listed.slot.isTold || listed.slot.isFinished) {
      this.#fault(frame, 'came before the server has told what is taken of this producer');
      return null;
    }
    const { slot, producer } = listed;
    if (producer.owner !== slot) {
      // Listed again on this connection: what was on its way under the old index comes again under the new one.
      if (producer.owner?.host === this) return null;
      // Claimed by another connection, and yet this client believes that it owns the log. Only one of the two is right,
      // and the claims of two connections may overtake each other: it must ask again, or it would wait for ever.
      this.#claimLost(frame.producer);
      return null;
    }
    if (!follows(slot.last)) {
      this.#fault(frame, `does not follow ${slot.last}`);
      return null;
    }
    return listed;
  }

  #claimLost(index: number): void {
    this.#host.fail(CLOSE.OVERLOADED, 'CLAIM_LOST', `another connection has claimed producer ${index}`);
  }

  #hasWindow(slot: Slot, bytes: number): boolean {
    const { messages, bytes: most } = this.#limits.window;
    if (slot.inFlight.length === 0) return true;
    return this.#inFlight < messages && this.#inFlightBytes + bytes <= most;
  }

  /** Takes what is settled out of the window. */
  #free(slot: Slot, throughSeq: number): void {
    for (let first = slot.inFlight.at(0); first !== undefined && first.seq <= throughSeq; first = slot.inFlight.at(0)) {
      this.#inFlight -= 1;
      this.#inFlightBytes -= first.bytes;
      slot.inFlight.shift();
    }
  }

  #fault(frame: ClientFrame & { readonly kind: 'm' | 's' }, what: string): void {
    const message = `${frame.kind} ${frame.seq} of producer ${frame.producer} ${what}`;
    this.#host.fail(CLOSE.PROTOCOL_ERROR, 'PROTOCOL_ERROR', message);
  }

  #names(id: string): readonly [identity: string, client: string, id: string] {
    return [this.session.identity, this.session.client, id];
  }
}
