import { type LaneName, type LaneRecord, type LaneRecords, LANES, type Line } from '../messages.ts';
import { knownFrom } from './missing.ts';

/** What is known of one message in one lane. */
export const OPEN = 0;
export const ARRIVED = 1;
export const LOST = 2;
export type Fate = typeof OPEN | typeof ARRIVED | typeof LOST;

/** So many of the newest messages are shown. A power of two. */
export const TRAIL_LENGTH = 1_024;

export interface TrailLine {
  readonly line: Line;
  readonly hue: number;
}

/** The newest messages of this page, and what the server's record says of each of them, lane by lane. */
export class Trail {
  /** The newest number that was sent; 0: none. */
  last = 0;
  /** The first number that this page sent. */
  #first = 0;
  readonly #lines = Array.from({ length: TRAIL_LENGTH }, (): TrailLine | null => null);
  readonly #sentAt = new Float64Array(TRAIL_LENGTH);
  readonly #fates: { readonly [lane in LaneName]: Uint8Array } = {
    holdfast: new Uint8Array(TRAIL_LENGTH),
    reconnecting: new Uint8Array(TRAIL_LENGTH),
    plain: new Uint8Array(TRAIL_LENGTH),
  };

  /** The oldest number that is still known. */
  get first(): number {
    return Math.max(this.#first, this.last - TRAIL_LENGTH + 1);
  }

  sent(number: number, line: TrailLine | null, at: number): void {
    if (this.#first === 0) this.#first = number;
    this.last = number;
    const slot = number % TRAIL_LENGTH;
    this.#lines[slot] = line;
    this.#sentAt[slot] = at;
    for (const fates of Object.values(this.#fates)) fates[slot] = OPEN;
  }

  line(number: number): TrailLine | null {
    return this.#lines[number % TRAIL_LENGTH] ?? null;
  }

  fate(lane: LaneName, number: number): Fate {
    return this.#fates[lane][number % TRAIL_LENGTH] as Fate;
  }

  /** When the oldest message was sent that has neither arrived in a lane nor is known to be lost; null: there is none. */
  waitsSince(lane: LaneName): number | null {
    for (let number = Math.max(1, this.first); number <= this.last; number += 1) {
      if (this.fate(lane, number) === OPEN) return this.#sentAt[number % TRAIL_LENGTH] ?? null;
    }
    return null;
  }

  learn(records: LaneRecords): void {
    if (this.last === 0) return;
    for (const lane of LANES) this.#learn(lane, records[lane]);
  }

  #learn(lane: LaneName, record: LaneRecord): void {
    const { recent, highest } = record;
    const fates = this.#fates[lane];
    const from = Math.max(this.first, knownFrom(record));
    for (let number = from; number <= Math.min(this.last, highest); number += 1) {
      const slot = number % TRAIL_LENGTH;
      if (fates[slot] === OPEN) fates[slot] = LOST;
    }
    for (const [low, high] of recent) {
      for (let number = Math.max(from, low); number <= Math.min(this.last, high); number += 1) {
        fates[number % TRAIL_LENGTH] = ARRIVED;
      }
    }
  }
}
