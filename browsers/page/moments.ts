/** Something that happened in the page. */
export interface Moment {
  readonly type: string;
  /** Milliseconds since the epoch: about the clock of the tests, and exact between two moments. */
  readonly at: number;
  readonly detail?: string | number;
}

export const moments: Moment[] = [];

export function note(type: string, detail?: string | number): void {
  moments.push({ type, at: performance.timeOrigin + performance.now(), ...(detail !== undefined && { detail }) });
}

// Noted before any listener of the library runs: this file comes first in the bundle.
for (const type of ['online', 'offline', 'focus', 'blur', 'pagehide']) addEventListener(type, () => note(type));
addEventListener('pageshow', ({ persisted }) => note('pageshow', persisted ? 'persisted' : 'fresh'));
for (const type of ['freeze', 'resume']) document.addEventListener(type, () => note(type));
document.addEventListener('visibilitychange', () => note(document.visibilityState));
