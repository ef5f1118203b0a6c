import { Deque } from '@holdfast/core/protocol';
import type { Limits } from './limits.ts';
import type { ServerSession } from './server-session.ts';
import type { UserEntry } from './user-queue.ts';

/** What a user's queue hears of one of the user's sessions. */
export interface CarrierHost {
  /** Place of the queue's first entry. */
  readonly place: number;
  /** Everything up to this seq of the queue was acknowledged. */
  confirmed(through: number): void;
  /** The session may take more. */
  ready(): void;
  ended(): void;
}

/** A user's queue as it travels in one session: under which offsets, and what of it the client has acknowledged. */
export class Carrier {
  /** Place of the next entry in the queue, counted from the first ever. */
  place: number;
  readonly #session: ServerSession;
  readonly #host: CarrierHost;
  /** Half of the session's replay buffer: the rest is for what the app sends to the session itself. */
  readonly #room: { readonly messages: number; readonly bytes: number };
  #travelling = new Deque<{ readonly offset: number; readonly entry: UserEntry }>();
  #bytes = 0;
  #newest = 0;

  constructor(session: ServerSession, replay: Limits['replay'], host: CarrierHost) {
    this.#session = session;
    this.#host = host;
    this.place = host.place;
    this.#room = { messages: replay.messages / 2, bytes: replay.bytes / 2 };
  }

  /** Whether one more may travel now. */
  hasRoom({ payload }: UserEntry): boolean {
    if (!this.#session.isConnected) return false;
    const { length } = this.#travelling;
    return length === 0 || (length < this.#room.messages && this.#bytes + payload.length * 2 <= this.#room.bytes);
  }

  /** Whether a message went out to a client that is there. */
  hasSent(seq: number): boolean {
    return this.#session.isConnected && this.#newest >= seq;
  }

  take(entry: UserEntry): void {
    const offset = this.#session.push(entry.payload);
    this.#travelling.push({ offset, entry });
    this.#bytes += entry.payload.length * 2;
    this.#newest = entry.seq;
    // What another session has acknowledged is kept here as long as the replay buffer keeps it, and no longer.
    while (this.#travelling.length > this.#room.messages && this.#travelling.at(0)?.entry.isGone === true)
      this.#shift();
  }

  /** The client has everything up to `offset`. */
  confirmed(offset: number): void {
    let through = 0;
    for (
      let first = this.#travelling.at(0);
      first !== undefined && first.offset <= offset;
      first = this.#travelling.at(0)
    ) {
      through = first.entry.seq;
      this.#shift();
    }
    if (through > 0) this.#host.confirmed(through);
  }

  /**
   * Messages `from` to `to` have fallen out of the session's replay buffer. Gives those that are the queue's, in order:
   * they travel again under the last of these offsets. The client has seen nothing from `from` on.
   */
  rescue(from: number, to: number): readonly string[] {
    const isLost = ({ offset }: { readonly offset: number }): boolean => offset >= from && offset <= to;
    const all = [...this.#travelling];
    const lost = all.filter(isLost);
    if (lost.length === 0) return [];
    const first = to - lost.length + 1;
    const moved = lost.map(({ entry }, index) => ({ offset: first + index, entry }));
    this.#travelling = new Deque();
    for (const item of [...moved, ...all.filter((each) => !isLost(each))]) this.#travelling.push(item);
    return lost.map(({ entry }) => entry.payload);
  }

  /** The client is back. */
  ready(): void {
    this.#host.ready();
  }

  ended(): void {
    this.#host.ended();
  }

  #shift(): void {
    this.#bytes -= (this.#travelling.shift()?.entry.payload.length ?? 0) * 2;
  }
}
