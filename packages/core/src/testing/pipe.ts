import type { Timeline } from './virtual-clock.ts';

/** One direction of a TCP connection: in order, late, and at times stopped without anybody being told. */
export class Pipe<Packet> {
  readonly #clock: Timeline;
  readonly #latencyMs: () => number;
  readonly #arrive: (packet: Packet) => void;
  #queue: { readonly packet: Packet; at: number }[] = [];
  #lastAt = 0;
  #isBlocked = false;
  #isPumping = false;
  #isEnded = false;

  constructor(clock: Timeline, latencyMs: () => number, arrive: (packet: Packet) => void) {
    this.#clock = clock;
    this.#latencyMs = latencyMs;
    this.#arrive = arrive;
  }

  /** Packets on the way, or stuck. */
  get length(): number {
    return this.#queue.length;
  }

  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  push(packet: Packet): void {
    if (this.#isEnded) return;
    this.#lastAt = Math.max(this.#lastAt, this.#clock.now + this.#latencyMs());
    this.#queue.push({ packet, at: this.#lastAt });
    this.#pump();
  }

  /** From here on nothing arrives; what is on the way waits, as TCP keeps what is not acknowledged. */
  block(): void {
    this.#isBlocked = true;
  }

  /** What waited arrives after all, in order, a retransmission later. */
  heal(): void {
    if (!this.#isBlocked) return;
    this.#isBlocked = false;
    const at = this.#clock.now + this.#latencyMs();
    for (const entry of this.#queue) entry.at = Math.max(entry.at, at);
    this.#lastAt = Math.max(this.#lastAt, at);
    this.#pump();
  }

  /** Loses what is on the way, and all that follows. */
  end(): void {
    this.#isEnded = true;
    this.#queue = [];
  }

  #pump(): void {
    const head = this.#queue[0];
    if (this.#isPumping || this.#isBlocked || head === undefined) return;
    this.#isPumping = true;
    this.#clock.after(head.at - this.#clock.now, () => {
      this.#isPumping = false;
      const first = this.#queue[0];
      // Healing may have put off what was due by now.
      if (!this.#isBlocked && first !== undefined && first.at <= this.#clock.now) {
        this.#queue.shift();
        this.#arrive(first.packet);
      }
      this.#pump();
    });
  }
}
