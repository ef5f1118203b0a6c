import type { RecordMessage } from '../src/messages.ts';
import type { Listener } from './board-relay.ts';
import type { Runs } from './runs.ts';

const MAX_WATCHED = 1_000;

/** Tells pages what was counted of their run: at once, then at most every 100 ms, and always the last of it. */
export class RecordAnnouncer {
  readonly #runs: Runs;
  /** Who hears of a run; the one that asked first goes first when there are too many. */
  readonly #listeners = new Map<string, Listener>();
  /** Runs that were told of a moment ago, and whether there is news. Entries last as long as their timer. */
  readonly #resting = new Map<string, boolean>();
  readonly #everyMs: number;

  constructor(runs: Runs, everyMs = 100) {
    this.#runs = runs;
    this.#everyMs = everyMs;
  }

  /** This session hears of this run from now on. */
  watch(run: string, listener: Listener): void {
    this.#listeners.delete(run);
    this.#listeners.set(run, listener);
    const [oldest] = this.#listeners.keys();
    if (this.#listeners.size > MAX_WATCHED && oldest !== undefined) this.#listeners.delete(oldest);
    this.changed(run);
  }

  unwatch(listener: Listener): void {
    for (const [run, { id }] of this.#listeners) if (id === listener.id) this.#listeners.delete(run);
  }

  /** Whose messages come through a session is told there, even when its own page is gone. */
  brought(run: string, listener: Listener): void {
    if (this.#listeners.has(run)) this.changed(run);
    else this.watch(run, listener);
  }

  changed(run: string): void {
    if (this.#resting.has(run)) {
      this.#resting.set(run, true);
      return;
    }
    this.#tell(run);
    this.#rest(run);
  }

  #tell(run: string): void {
    const message: RecordMessage = { kind: 'record', run, lanes: this.#runs.records(run) };
    this.#listeners.get(run)?.send(message);
  }

  #rest(run: string): void {
    this.#resting.set(run, false);
    setTimeout(() => {
      const hasNews = this.#resting.get(run) === true;
      this.#resting.delete(run);
      if (!hasNews) return;
      this.#tell(run);
      this.#rest(run);
    }, this.#everyMs).unref();
  }
}
