import { createFrameStore, type FrameStore } from '../lib/frame-store.ts';
import type { Target } from '../target.ts';
import type { FaultsReport } from './report.ts';

export type Fault =
  | { readonly name: 'cut' | 'freeze' | 'thaw' | 'strand' | 'drain' }
  | { readonly name: 'delay'; readonly delayMs: number }
  | { readonly name: 'refuse'; readonly refusing: boolean }
  | { readonly name: 'restart' | 'replace'; readonly downtimeMs: number };

export interface FaultsView {
  /** Null until the proxy has answered, and while it does not. */
  readonly report: FaultsReport | null;
  readonly problem: string | null;
  /** Why no fault can be made here at all; null: they can. */
  readonly missing: string | null;
}

export interface Faults {
  readonly store: FrameStore<FaultsView>;
  readonly apply: (fault: Fault) => void;
}

const POLL_MS = 1_000;
const ELSEWHERE =
  'The faults of wire and server are made by the demo’s own process. This page talks to another server, where it has no say.';
const NOWHERE = 'No demo server has served this page. Give it one: ?server=wss://… at the end of its address.';

/** Asks the proxy how it is, again and again while the page is seen, and tells it what to do. */
export function watchFaults(target: Target): Faults {
  const missing = target.elsewhere === null ? null : ELSEWHERE;
  let view: FaultsView = { report: null, problem: null, missing };
  const store = createFrameStore(() => view, 0);
  if (missing !== null) return { store, apply: () => {} };
  let asked = 0;
  let answered = 0;

  const ask = async (path: string, init?: RequestInit): Promise<void> => {
    asked += 1;
    const turn = asked;
    let next: FaultsView;
    try {
      const response = await fetch(path, init);
      if (!(response.headers.get('content-type') ?? '').startsWith('application/json')) {
        clearInterval(timer);
        next = { report: null, problem: null, missing: NOWHERE };
      } else {
        const body = (await response.json()) as FaultsReport | { readonly error: string };
        next = 'error' in body ? { ...view, problem: body.error } : { report: body, problem: null, missing: null };
      }
    } catch {
      next = { report: null, problem: 'The demo’s own process does not answer.', missing: null };
    }
    // An answer that was overtaken by a later one is old news.
    if (turn < answered) return;
    answered = turn;
    view = next;
    store.invalidate();
  };

  const timer = setInterval(() => {
    if (!document.hidden) void ask('faults');
  }, POLL_MS);
  void ask('faults');

  return {
    store,
    apply: ({ name, ...body }) => {
      const headers = { 'content-type': 'application/json' };
      void ask(`faults/${name}`, { method: 'POST', headers, body: JSON.stringify(body) });
    },
  };
}
