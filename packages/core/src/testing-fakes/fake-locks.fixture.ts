import type { Locks } from '../environment/ports.ts';

interface Request {
  readonly owner: string;
  grant(release: () => void): void;
}

/** The locks of one origin, shared by all tabs of a test; each tab asks through its own `forTab`. */
export class FakeLocks {
  readonly #held = new Map<string, string>();
  readonly #waiting = new Map<string, Request[]>();

  forTab(owner: string): Locks {
    return {
      request: (name, { ifAvailable = false, signal }) =>
        new Promise((resolve, reject) => {
          if (signal?.aborted === true) {
            reject(new DOMException('aborted', 'AbortError'));
            return;
          }
          if (!this.#held.has(name)) {
            resolve(this.#grant(name, owner));
            return;
          }
          if (ifAvailable) {
            resolve(null);
            return;
          }
          const queue = this.#waiting.get(name) ?? [];
          this.#waiting.set(name, queue);
          const request: Request = { owner, grant: resolve };
          queue.push(request);
          signal?.addEventListener('abort', () => {
            const place = queue.indexOf(request);
            if (place === -1) return;
            queue.splice(place, 1);
            reject(new DOMException('aborted', 'AbortError'));
          });
        }),
    };
  }

  #grant(name: string, owner: string): () => void {
    this.#held.set(name, owner);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#held.delete(name);
      const next = this.#waiting.get(name)?.shift();
      if (next !== undefined) next.grant(this.#grant(name, next.owner));
    };
  }

  /** Names held by a tab, without their scope. */
  heldBy(owner: string): string[] {
    return [...this.#held].flatMap(([name, holder]) =>
      holder === owner ? [name.slice(name.lastIndexOf(':') + 1)] : [],
    );
  }

  waitingOf(owner: string): string[] {
    return [...this.#waiting].flatMap(([name, queue]) =>
      queue.some((request) => request.owner === owner) ? [name.slice(name.lastIndexOf(':') + 1)] : [],
    );
  }

  /** What the browser does when a tab dies. */
  dropTab(owner: string): void {
    for (const [name, queue] of this.#waiting) {
      this.#waiting.set(
        name,
        queue.filter((request) => request.owner !== owner),
      );
    }
    for (const [name, holder] of [...this.#held]) {
      if (holder !== owner) continue;
      this.#held.delete(name);
      const next = this.#waiting.get(name)?.shift();
      if (next !== undefined) next.grant(this.#grant(name, next.owner));
    }
  }
}
