import type { Limits } from './limits.ts';

/** Somebody with a handler to run. */
export interface Turned {
  readonly identity: string;
  /** Its turn has come: it starts a run now and calls `done` after it, or it calls `done` at once. */
  turn(): void;
}

/**
 * How many handlers run at once, on the whole server and for one identity; the others wait in the order in which they
 * asked. Who has had a turn asks again for the next one, behind all that wait: so turns go round.
 *
 * An identity with more runs than it may have waits in a line of its own. The common line holds of each identity no
 * more than may run of it at once, so that nobody can fill it for the others.
 */
export class Turns {
  readonly #limits: Limits['concurrentHandlers'];
  /** Whether identities are told apart. */
  readonly #hasIdentities: boolean;
  #running = 0;
  /** Of each identity: how many run or wait in the common line. */
  readonly #entered = new Map<string, number>();
  readonly #line = new Set<Turned>();
  readonly #lines = new Map<string, Set<Turned>>();
  #isGoing = false;

  constructor(limits: Limits['concurrentHandlers'], hasIdentities: boolean) {
    this.#limits = limits;
    this.#hasIdentities = hasIdentities;
  }

  /** Whether `who` may start a run at once. If not, its `turn` is called later. */
  ask(who: Turned): boolean {
    if (!this.#enter(who.identity)) {
      const line = this.#lines.get(who.identity);
      if (line === undefined) this.#lines.set(who.identity, new Set([who]));
      else line.add(who);
      return false;
    }
    if (this.#running < this.#limits.total && this.#line.size === 0) {
      this.#running += 1;
      return true;
    }
    this.#line.add(who);
    return false;
  }

  /** The run is over, or there was none. */
  done({ identity }: Turned): void {
    this.#running -= 1;
    this.#leave(identity);
    this.#go();
  }

  /** A loop, however many give their turn back at once: each of them calls `done` from its `turn`. */
  #go(): void {
    if (this.#isGoing) return;
    this.#isGoing = true;
    for (const next of this.#line) {
      if (this.#running >= this.#limits.total) break;
      this.#line.delete(next);
      this.#running += 1;
      next.turn();
    }
    this.#isGoing = false;
  }

  #enter(identity: string): boolean {
    if (!this.#hasIdentities) return true;
    const entered = this.#entered.get(identity) ?? 0;
    if (entered >= this.#limits.perIdentity) return false;
    this.#entered.set(identity, entered + 1);
    return true;
  }

  #leave(identity: string): void {
    if (!this.#hasIdentities) return;
    const line = this.#lines.get(identity);
    const [next] = line ?? [];
    if (line !== undefined && next !== undefined) {
      // Its place in the common line is the one that has become free.
      line.delete(next);
      if (line.size === 0) this.#lines.delete(identity);
      this.#line.add(next);
      return;
    }
    const entered = (this.#entered.get(identity) ?? 0) - 1;
    if (entered > 0) this.#entered.set(identity, entered);
    else this.#entered.delete(identity);
  }
}
