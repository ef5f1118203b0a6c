import { Deque, type EncodedPayload, type LostReason } from '@holdfast/core/protocol';
import { payloadCost } from './payload-cost.ts';
import type { Limits } from './limits.ts';

export interface ReplayEntry {
  readonly offset: number;
  payload: EncodedPayload;
  /** When it was added. */
  readonly at: number;
}

/** Server messages that the client may not have yet, by offset, bounded: the oldest make room for new ones. */
export class ReplayBuffer {
  /** Offset of the newest message ever added. */
  highest = 0;
  readonly #entries = new Deque<ReplayEntry>();
  readonly #bounds: Limits['replay'];
  #bytes = 0;
  /** Why the last one was dropped that the client did not have. */
  #reason: LostReason = 'buffer-overflow';

  constructor(bounds: Limits['replay']) {
    this.#bounds = bounds;
  }

  get reason(): LostReason {
    return this.#reason;
  }

  /** Offset of the first message that is still here; `highest + 1` when none is. */
  get first(): number {
    return this.#entries.at(0)?.offset ?? this.highest + 1;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a message of this size has any place here. */
  fits(payload: EncodedPayload): boolean {
    return payloadCost(payload) <= this.#bounds.bytes;
  }

  add(payload: EncodedPayload, now: number): number {
    this.dropOld(now);
    this.highest += 1;
    this.#entries.push({ offset: this.highest, payload, at: now });
    this.#bytes += payloadCost(payload);
    while (this.#entries.length > this.#bounds.messages || this.#bytes > this.#bounds.bytes) {
      this.#reason = 'buffer-overflow';
      this.#drop();
    }
    return this.highest;
  }

  /** Drops what has been here for too long. */
  dropOld(now: number): void {
    for (let entry = this.#entries.at(0); entry !== undefined; entry = this.#entries.at(0)) {
      if (now - entry.at < this.#bounds.ageMs) return;
      this.#reason = 'buffer-expired';
      this.#drop();
    }
  }

  /** The client has everything up to `offset`. */
  dropThrough(offset: number): void {
    while (this.#entries.length > 0 && this.first <= offset) this.#drop();
  }

  /** Another message under an offset that is here, and that nobody has seen. */
  replace(offset: number, payload: EncodedPayload): void {
    const entry = this.#entries.at(offset - this.first);
    if (entry === undefined) return;
    this.#bytes += payloadCost(payload) - payloadCost(entry.payload);
    entry.payload = payload;
  }

  [Symbol.iterator](): IterableIterator<ReplayEntry> {
    return this.#entries[Symbol.iterator]();
  }

  #drop(): void {
    this.#bytes -= payloadCost(this.#entries.shift()?.payload ?? '');
  }
}
