import type { Locks } from '../environment/ports.ts';

/** The page was frozen or closed in the middle, or the storage given up: not a fault of what was asked. */
export class NotNow extends Error {}

/** The Web Locks that this page holds, one for each log. */
export class HeldLocks {
  readonly #locks: Locks;
  readonly #scope: string;
  readonly #mayHold: () => boolean;
  readonly #releases = new Map<string, () => void>();

  /** `mayHold`: false while the page is frozen or about to end: what it gets then goes back at once. */
  constructor(locks: Locks, scope: string, mayHold: () => boolean) {
    this.#locks = locks;
    this.#scope = scope;
    this.#mayHold = mayHold;
  }

  get ids(): readonly string[] {
    return [...this.#releases.keys()];
  }

  has(id: string): boolean {
    return this.#releases.has(id);
  }

  /** Waits for the lock of a log. Rejects when `signal` aborts first, or with NotNow. */
  async take(id: string, signal: AbortSignal): Promise<void> {
    if (this.has(id)) return;
    if (!this.#mayHold()) throw new NotNow();
    this.#hold(id, await this.#locks.request(this.#name(id), { signal }));
  }

  /** Takes the lock if nobody holds it; tells whether this page holds it now. */
  async takeIfAvailable(id: string): Promise<boolean> {
    if (this.has(id)) return true;
    const release = await this.#locks.request(this.#name(id), { ifAvailable: true });
    this.#hold(id, release);
    return release !== null;
  }

  release(id: string): void {
    this.#releases.get(id)?.();
    this.#releases.delete(id);
  }

  releaseAll(): void {
    for (const id of this.ids) this.release(id);
  }

  #name(id: string): string {
    return `${this.#scope}:${id}`;
  }

  #hold(id: string, release: (() => void) | null): void {
    if (release === null) return;
    if (!this.#mayHold()) {
      release();
      throw new NotNow();
    }
    this.#releases.set(id, release);
  }
}
