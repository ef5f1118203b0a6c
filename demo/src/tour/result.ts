import { missingIn } from '../lanes/missing.ts';
import { LANES, type LaneName, type LaneRecord, type LaneRecords } from '../messages.ts';

export interface LaneResult {
  readonly lost: number;
  readonly doubled: number;
  readonly outOfOrder: number;
  /** Neither counted nor known to be lost: nothing later has come by this lane. */
  readonly due: number;
}

export interface TourResult {
  /** How many messages each lane was given. */
  readonly sent: number;
  readonly lanes: { readonly [lane in LaneName]: LaneResult };
}

/**
 * What became of the messages of one stretch of a run. The server's counts are of the whole run; what was before is taken
 * off once a lane has brought a message of the stretch, since only then the server knows of what is missing before it.
 * What is missing of the stretch itself by then is its loss all the same.
 */
export class Stretch {
  readonly #after: number;
  #through: number | null = null;
  readonly #before = new Map<LaneName, LaneRecord>();
  readonly #now = new Map<LaneName, LaneRecord>();

  /** Begins after this number. */
  constructor(after: number) {
    this.#after = after;
  }

  /** Ends with this number; what comes later does not count. */
  end(through: number): void {
    this.#through = through;
  }

  learn(records: LaneRecords): void {
    for (const lane of LANES) {
      const record = records[lane];
      if (!this.#before.has(lane) && record.highest > this.#after) {
        // Where not all ranges are told, what is missing below the first of them may be of before.
        const missing = record.missing - missingIn(record, [this.#after + 1, record.highest]);
        this.#before.set(lane, { ...record, missing });
      }
      const isDecided = this.#through !== null && (this.#now.get(lane)?.highest ?? 0) >= this.#through;
      if (!isDecided) this.#now.set(lane, record);
    }
  }

  result(last: number): TourResult {
    const through = this.#through ?? last;
    const sent = through - this.#after;
    const of = (lane: LaneName): LaneResult => {
      const before = this.#before.get(lane);
      const now = this.#now.get(lane);
      if (before === undefined || now === undefined) return { lost: 0, doubled: 0, outOfOrder: 0, due: sent };
      return {
        lost: now.missing - before.missing,
        doubled: now.doubled - before.doubled,
        outOfOrder: now.outOfOrder - before.outOfOrder,
        due: Math.max(0, through - Math.max(this.#after, now.highest)),
      };
    };
    return { sent, lanes: { holdfast: of('holdfast'), reconnecting: of('reconnecting'), plain: of('plain') } };
  }
}
