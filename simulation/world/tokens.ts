import type { Page } from './page.ts';

/** Whose all pages are: the one user of this world. */
export const USER = 'user';

/** Who a token stands for, and until when on the world's clock. */
export interface Token {
  readonly identity: string;
  readonly page: Page;
  readonly endsAt: number;
  /** When the server looked at it first. */
  lookedAt: number;
}

/** Where the apps get their tokens, and what the world knows of them. */
export class Tokens {
  /** The apps' function fails now. */
  fail = false;
  /** The server takes none now. */
  areRejected = false;
  /** When something was last wrong with tokens. */
  troubledAt: number = -Infinity;
  /** Until when the server believes each page. */
  readonly believed: Map<Page, number> = new Map();
  /** Whose each session is. */
  readonly identityOf: Map<string, string> = new Map();
  readonly #lifeMs: number | null;
  readonly #now: () => number;
  readonly #given = new Map<string, Token>();

  constructor(lifeMs: number | null, now: () => number) {
    this.#lifeMs = lifeMs;
    this.#now = now;
  }

  /** What the app's function does; it may have mixed up its users. */
  give(page: Page, user: string): string {
    if (user !== USER || this.fail) this.trouble();
    if (this.fail) throw new Error('no token to be had');
    const token = `${user}-${this.#given.size + 1}`;
    const endsAt = this.#now() + (this.#lifeMs ?? Infinity);
    this.#given.set(token, { identity: user, page, endsAt, lookedAt: Infinity });
    return token;
  }

  /** What the server finds in a token; null: it is not to be believed. */
  look(token: string | undefined): Token | null {
    const found = token === undefined ? undefined : this.#given.get(token);
    if (this.areRejected) this.trouble();
    if (found !== undefined) found.lookedAt = Math.min(found.lookedAt, this.#now());
    if (found === undefined || this.areRejected || found.endsAt <= this.#now()) return null;
    this.believed.set(found.page, Math.max(found.endsAt, this.believed.get(found.page) ?? 0));
    return found;
  }

  /** Whether the server knows by now that this one is not the page's own. */
  isKnownAsStrange(token: string): boolean {
    const found = this.#given.get(token);
    return found !== undefined && found.identity !== USER && found.lookedAt < this.#now();
  }

  trouble(): void {
    this.troubledAt = this.#now();
  }
}
