import { Deque } from '@holdfast/core/protocol';
import type { FaultState } from './faults.ts';

interface Held {
  readonly due: number;
  readonly bytes: number;
  readonly run: () => void;
}

export interface PipeHost {
  readonly now: () => number;
  readonly setTimer: (ms: number, run: () => void) => () => void;
  readonly faults: () => FaultState;
}

/** One direction of a connection: passes on at once, or later and in order where a fault holds it back. */
export class FaultyPipe {
  readonly #host: PipeHost;
  readonly #held = new Deque<Held>();
  #heldBytes = 0;
  #cancel: (() => void) | null = null;

  constructor(host: PipeHost) {
    this.#host = host;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Whether what is pushed now goes at once. */
  get isClear(): boolean {
    const { isSilent, delayMs } = this.#host.faults();
    return this.#held.length === 0 && !isSilent && delayMs === 0;
  }

  push(bytes: number, run: () => void): void {
    if (this.isClear) {
      run();
      return;
    }
    this.#held.push({ due: this.#host.now() + this.#host.faults().delayMs, bytes, run });
    this.#heldBytes += bytes;
    this.flush();
  }

  /** Passes on what may go now, and comes back for the rest. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = null;
    while (!this.#host.faults().isSilent) {
      const first = this.#held.at(0);
      if (first === undefined) return;
      const wait = first.due - this.#host.now();
      if (wait > 0) {
        this.#cancel = this.#host.setTimer(wait, () => this.flush());
        return;
      }
      this.#held.shift();
      this.#heldBytes -= first.bytes;
      first.run();
    }
  }

  /** Forgets what is held. */
  clear(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#held.clear();
    this.#heldBytes = 0;
  }
}
