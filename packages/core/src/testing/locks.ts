import type { Locks } from '../environment/ports.ts';
import type { Timeline } from './virtual-clock.ts';

/** What a page is to the lock manager. */
export interface LockClient {
  readonly name: string;
  post(run: () => void): void;
}

interface Request {
  readonly client: LockClient;
  state: 'waiting' | 'held' | 'gone';
  readonly granted: () => void;
}

/** The browser's lock manager: one for all pages of an origin, outside of them, so that it outlives each. */
export class LockManager {
  readonly #clock: Timeline;
  readonly #delayMs: () => number;
  /** Told of every change of hands. */
  onChange: (who: string, what: string) => void = () => {};
  /** By name: the first one holds it. */
  readonly #queues = new Map<string, Request[]>();
  readonly #dead = new WeakSet<LockClient>();

  constructor(clock: Timeline, delayMs: () => number) {
    this.#clock = clock;
    this.#delayMs = delayMs;
  }

  /** What one page sees as its `locks`. */
  forPage(client: LockClient): Locks {
    return {
      request: (name, options) =>
        new Promise((resolve, reject) => {
          if (options.signal?.aborted === true) {
            reject(abortError());
            return;
          }
          const request: Request = {
            client,
            state: 'waiting',
            granted: () => {
              client.post(() => {
                options.signal?.removeEventListener('abort', abort);
                // Aborted between the grant and its news.
                if (request.state === 'gone') return;
                resolve(() => this.#leave(name, request));
              });
            },
          };
          const abort = (): void => {
            this.#leave(name, request);
            reject(abortError());
          };
          options.signal?.addEventListener('abort', abort, { once: true });
          // The manager lives in another process.
          this.#clock.after(this.#delayMs(), () => {
            // What a page asked for in its last moments is asked for by nobody.
            if (request.state === 'gone' || this.#dead.has(client)) return;
            const queue = this.#queues.get(name) ?? [];
            if (options.ifAvailable === true && queue.length > 0) {
              request.state = 'gone';
              client.post(() => {
                options.signal?.removeEventListener('abort', abort);
                resolve(null);
              });
              return;
            }
            queue.push(request);
            this.#queues.set(name, queue);
            this.#grant(name);
          });
        }),
    };
  }

  /** The page is gone: what it held and what it waited for goes with it. */
  releaseAll(client: LockClient): void {
    this.#dead.add(client);
    for (const [name, queue] of this.#queues) {
      for (const request of queue.filter((entry) => entry.client === client)) this.#leave(name, request);
    }
  }

  /** Names that the page holds or waits for. */
  namesOf(client: LockClient): readonly string[] {
    return [...this.#queues]
      .filter(([, queue]) => queue.some((entry) => entry.client === client))
      .map(([name]) => name);
  }

  #leave(name: string, request: Request): void {
    if (request.state === 'held') this.onChange(request.client.name, `gives back ${name}`);
    request.state = 'gone';
    const queue = this.#queues.get(name);
    const index = queue?.indexOf(request) ?? -1;
    if (queue === undefined || index === -1) return;
    queue.splice(index, 1);
    if (queue.length === 0) this.#queues.delete(name);
    else this.#grant(name);
  }

  #grant(name: string): void {
    const first = this.#queues.get(name)?.[0];
    if (first === undefined || first.state !== 'waiting') return;
    first.state = 'held';
    this.onChange(first.client.name, `holds ${name}`);
    this.#clock.after(this.#delayMs(), first.granted);
  }
}

function abortError(): Error {
  const error = new Error('the lock request was aborted');
  error.name = 'AbortError';
  return error;
}
