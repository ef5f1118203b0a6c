import { createFrameStore, type FrameStore } from '../lib/frame-store.ts';
import type { FaultsReport } from './report.ts';

export type Fault =
  | { readonly name: 'cut' | 'freeze' | 'thaw' }
  | { readonly name: 'delay'; readonly delayMs: number }
  | { readonly name: 'refuse'; readonly refusing: boolean }
  | { readonly name: 'restart'; readonly downtimeMs: number };

export interface FaultsView {
  /** Null until the proxy has answered, and while it does not. */
  readonly report: FaultsReport | null;
  readonly problem: string | null;
}

export interface Faults {
  readonly store: FrameStore<FaultsView>;
  readonly apply: (fault: Fault) => void;
}

const POLL_MS = 1_000;

/** Asks the proxy how it is, again and again while the page is seen, and tells it what to do. */
export function watchFaults(): Faults {
  let view: FaultsView = { report: null, problem: null };
  let asked = 0;
  let answered = 0;
  const store = createFrameStore(() => view);

  const ask = async (path: string, init?: RequestInit): Promise<void> => {
    asked += 1;
    const turn = asked;
    let next: FaultsView;
    try {
      const response = await fetch(path, init);
      const body = (await response.json()) as FaultsReport | { readonly error: string };
      next = 'error' in body ? { ...view, problem: body.error } : { report: body, problem: null };
    } catch {
      next = { report: null, problem: 'The demo’s own process does not answer.' };
    }
    // An answer that was overtaken by a later one is old news.
    if (turn < answered) return;
    answered = turn;
    view = next;
    store.invalidate();
  };

  setInterval(() => {
    if (!document.hidden) void ask('/faults');
  }, POLL_MS);
  void ask('/faults');

  return {
    store,
    apply: ({ name, ...body }) => {
      const headers = { 'content-type': 'application/json' };
      void ask(`/faults/${name}`, { method: 'POST', headers, body: JSON.stringify(body) });
    },
  };
}
