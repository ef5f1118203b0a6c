import type { Tally, TallyMessage } from '../src/messages.ts';

/** The part of a session that is used here. */
interface Listener {
  readonly id: string;
  send(message: TallyMessage): unknown;
}

/** Tells pages their tally: at once, then at most every 50 ms, and always the last one. */
export class TallyAnnouncer {
  readonly #everyMs: number;
  /** What is due next, by session and run; null: nothing new since the last one. Entries last as long as their timer. */
  readonly #due = new Map<string, (() => void) | null>();

  constructor(everyMs = 50) {
    this.#everyMs = everyMs;
  }

  tell(listener: Listener, run: string, tally: Tally): void {
    const key = `${listener.id} ${run}`;
    const send = (): void => void listener.send({ kind: 'tally', run, ...tally });
    if (this.#due.has(key)) {
      this.#due.set(key, send);
      return;
    }
    send();
    this.#rest(key);
  }

  #rest(key: string): void {
    this.#due.set(key, null);
    setTimeout(() => {
      const send = this.#due.get(key);
      this.#due.delete(key);
      if (send === null || send === undefined) return;
      send();
      this.#rest(key);
    }, this.#everyMs).unref();
  }
}
