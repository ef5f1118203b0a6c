import type { Socket } from 'node:net';
import type { WireFaults } from './proxy.ts';

type Passenger = { readonly dueAt: number } & (
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'end' }
  | { readonly kind: 'reset' }
);

/** Reading stops while this much is on the way. */
const MAX_BYTES_ON_THE_WAY = 1_048_576;

/**
 * One direction of a connection: what comes in at one end goes out at the other, in order, no earlier than its time
 * and not at all while the wire is frozen. The end of a connection travels behind its bytes, like any of them: while
 * frozen, neither side can tell that the other has gone.
 */
export class Direction {
  readonly #faults: () => WireFaults;
  readonly #queue: Passenger[] = [];
  #from: Socket | null = null;
  #to: Socket | null = null;
  #bytes = 0;
  #lastDueAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #blocked = false;
  #stopped = false;

  constructor(from: Socket | null, faults: () => WireFaults) {
    this.#faults = faults;
    if (from !== null) this.readFrom(from);
  }

  readFrom(from: Socket): void {
    this.#from = from;
    let ended = false;
    from.on('data', (bytes: Buffer) => this.push(bytes));
    from.on('end', () => {
      ended = true;
      this.#add({ kind: 'end', dueAt: this.#due() });
    });
    from.on('close', () => {
      if (!ended || from.errored !== null) this.#add({ kind: 'reset', dueAt: this.#due() });
    });
  }

  deliverTo(to: Socket): void {
    this.#to = to;
    to.on('drain', () => {
      this.#blocked = false;
      this.pump();
    });
    to.on('close', () => this.stop());
    this.pump();
  }

  push(bytes: Buffer): void {
    if (bytes.length === 0 || this.#stopped) return;
    this.#bytes += bytes.length;
    if (this.#bytes > MAX_BYTES_ON_THE_WAY) this.#from?.pause();
    this.#add({ kind: 'bytes', bytes, dueAt: this.#due() });
  }

  /** Lets everything out that may go now. */
  pump(): void {
    clearTimeout(this.#timer);
    const to = this.#to;
    while (to !== null && !this.#stopped && !this.#blocked && !this.#faults().frozen) {
      const head = this.#queue[0];
      if (head === undefined) return;
      const early = head.dueAt - performance.now();
      if (early > 0) {
        this.#timer = setTimeout(() => this.pump(), early);
        return;
      }
      this.#queue.shift();
      switch (head.kind) {
        case 'bytes':
          this.#bytes -= head.bytes.length;
          if (this.#bytes <= MAX_BYTES_ON_THE_WAY) this.#from?.resume();
          this.#blocked = !to.write(head.bytes);
          break;
        case 'end':
          to.end();
          break;
        case 'reset':
          to.resetAndDestroy();
          break;
      }
    }
  }

  /** Drops what is on the way and takes no more. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#queue.length = 0;
    this.#bytes = 0;
    // What still arrives is read and dropped: unread bytes would hold back the news that the sender has closed.
    this.#from?.resume();
  }

  #add(passenger: Passenger): void {
    if (this.#stopped) return;
    this.#queue.push(passenger);
    if (this.#queue.length === 1) this.pump();
  }

  #due(): number {
    // A shorter delay doesn't let the new overtake the old.
    this.#lastDueAt = Math.max(this.#lastDueAt, performance.now() + this.#faults().delayMs);
    return this.#lastDueAt;
  }
}
