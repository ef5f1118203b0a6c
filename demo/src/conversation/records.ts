import { createFrameStore, type FrameStore } from '../lib/frame-store.ts';
import type { LaneRecords, Tally } from '../messages.ts';
import type { ConversationSocket } from './sent-messages.ts';

export interface ForeignTally extends Tally {
  readonly run: string;
}

export interface RecordsView {
  /** What the server has counted of this page's run; null until it said so. */
  readonly own: LaneRecords | null;
  /** Runs of pages that are gone, whose messages this page has delivered. */
  readonly others: readonly ForeignTally[];
}

const MAX_OTHERS = 5;

/** What the server has counted, as it says. */
export class Records {
  readonly store: FrameStore<RecordsView>;
  readonly #listeners = new Set<(records: LaneRecords) => void>();
  #view: RecordsView = { own: null, others: [] };

  constructor(socket: ConversationSocket, run: string) {
    this.store = createFrameStore(() => this.#view);
    socket.on('message', (message) => {
      if (message.kind !== 'record') return;
      const { own, others } = this.#view;
      if (message.run === run) {
        this.#view = { own: message.lanes, others };
        for (const listener of this.#listeners) listener(message.lanes);
      } else {
        const rest = others.filter((other) => other.run !== message.run);
        const foreign = { ...message.lanes.holdfast, run: message.run };
        this.#view = { own, others: [foreign, ...rest].slice(0, MAX_OTHERS) };
      }
      this.store.invalidate();
    });
  }

  /** The newest of this page's run, without a wait for the next frame. */
  get own(): LaneRecords | null {
    return this.#view.own;
  }

  onOwn(listener: (records: LaneRecords) => void): void {
    this.#listeners.add(listener);
  }
}
