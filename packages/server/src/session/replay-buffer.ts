import { Deque } from '@holdfast/core/protocol';

export interface ReplayEntry {
  readonly offset: number;
  readonly payload: string;
}

/** Server messages that the client may not have yet, by offset, bounded: the oldest make room for new ones. */
export class ReplayBuffer {
  /** Offset of the newest message ever added. */
  highest = 0;
  readonly #entries = new Deque<ReplayEntry>();
  readonly #bounds: { readonly messages: number; readonly bytes: number };
  #bytes = 0;

  constructor(bounds: { readonly messages: number; readonly bytes: number }) {
    this.#bounds = bounds;
  }

  /** Offset of the first message that is still here; `highest + 1` when none is. */
  get first(): number {
    return this.#entries.at(0)?.offset ?? this.highest + 1;
  }

  /** Whether a message of this size has any place here. */
  fits(payload: string): boolean {
    return size(payload) <= this.#bounds.bytes;
  }

  add(payload: string): number {
    this.highest += 1;
    this.#entries.push({ offset: this.highest, payload });
    this.#bytes += size(payload);
    while (this.#entries.length > this.#bounds.messages || this.#bytes > this.#bounds.bytes) this.#drop();
    return this.highest;
  }

  /** The client has everything up to `offset`. */
  dropThrough(offset: number): void {
    while (this.#entries.length > 0 && this.first <= offset) this.#drop();
  }

  [Symbol.iterator](): IterableIterator<ReplayEntry> {
    return this.#entries[Symbol.iterator]();
  }

  #drop(): void {
    this.#bytes -= size(this.#entries.shift()?.payload ?? '');
  }
}

/** What a string costs in memory at most. */
function size(payload: string): number {
  return payload.length * 2;
}
