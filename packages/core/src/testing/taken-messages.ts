import type { Json } from '../lib/errors.ts';
import type { ProducerClaim, Refusal, Taken, WireError } from '../protocol/frames.ts';

/** Who sends the messages of a producer now: one connection. */
export interface Sender {
  acknowledge(seq: number): void;
  refuse(seq: number, error: WireError): void;
}

/** The messages of one producer at a server that forgets nothing: each runs once, in order, one at a time. */
export class TakenMessages {
  /** Everything up to here was taken, refused or withdrawn. */
  #done = 0;
  #refused: Refusal[] = [];
  #sender: Sender | null = null;
  #queue: { readonly seq: number; readonly run: () => Promise<void> }[] = [];
  #running: Promise<void> = Promise.resolve();

  /** A connection claims the producer: what has not started is discarded, and what runs ends before the answer. */
  async claim([, firstUnsettled]: ProducerClaim, sender: Sender): Promise<Taken> {
    this.#sender = sender;
    this.#queue = [];
    await this.#running;
    this.#done = Math.max(this.#done, firstUnsettled - 1);
    this.#refused = this.#refused.filter(([seq]) => seq >= firstUnsettled);
    return [this.#done, this.#refused];
  }

  /** A message, or with `run` left out, word that all up to `seq` is withdrawn. */
  add(sender: Sender, seq: number, run: () => Promise<void> = async () => {}): void {
    if (sender !== this.#sender) return;
    this.#queue.push({ seq, run });
    if (this.#queue.length === 1) this.#running = this.#running.then(() => this.#runAll(sender));
  }

  async #runAll(sender: Sender): Promise<void> {
    for (let first = this.#queue[0]; first !== undefined && this.#sender === sender; first = this.#queue[0]) {
      const { seq } = first;
      const error = await outcomeOf(first.run);
      this.#done = seq;
      if (error !== null) {
        this.#refused.push([seq, error]);
        sender.refuse(seq, error);
      }
      sender.acknowledge(seq);
      if (this.#queue[0] === first) this.#queue.shift();
    }
  }
}

/** What a handler threw, as it travels: any error is a refusal for good, with its own `code` and `details` where it has them. */
async function outcomeOf(run: () => Promise<void>): Promise<WireError | null> {
  try {
    await run();
    return null;
  } catch (cause) {
    const error =
      cause instanceof Error ? (cause as Error & { code?: unknown; details?: unknown }) : new Error(String(cause));
    const { message, code, details } = error as { message: string; code?: unknown; details?: unknown };
    return {
      code: typeof code === 'string' ? code : 'REFUSED',
      message,
      ...(typeof details === 'object' && details !== null && { details: details as { [key: string]: Json } }),
    };
  }
}
