import { LONGEST_TIMER_MS } from '../lib/timers.ts';
import { browserEnvironment } from './browser.ts';
import type { Environment } from './ports.ts';

/** A hidden page's timers run once a second at most, and once a minute later: shorter ones suffer only while it is hidden. */
const SLOWED_MS = 1_000;
/** A worker with nothing to wait for stays this long: one timer often follows another. */
const REST_MS = 10_000;

/** `[id, ms]` sets, `[id]` cancels; the worker says the id of the one that is due, and is told then to forget it. */
const CODE = `const timers = {};
onmessage = ({ data: [id, ms] }) => {
  clearTimeout(timers[id]);
  delete timers[id];
  if (ms !== undefined) timers[id] = setTimeout(postMessage, ms, id);
};`;

/**
 * The browser's environment with timers that also run in a worker, which browsers do not slow down behind another tab: there
 * heartbeats, retries and writes come in time, not up to a minute late. It costs a worker and some battery. Give what it returns
 * to all sockets of a page, as each call has a worker of its own; it lives while one of them waits for something, and ten seconds
 * more.
 *
 * The page's own timers run beside it: without workers, or where the page's policy allows none from `blob:` (`worker-src`, or
 * Trusted Types), all is as without this. Never throws.
 */
export function workerTimers(): Environment {
  const environment = browserEnvironment();
  const pending = new Map<number, () => void>();
  let newest = 0;
  let worker: Worker | null = null;
  let url = '';
  let cancelRest = (): void => {};
  let isRefused = typeof document === 'undefined' || typeof Worker === 'undefined';

  function start(): void {
    try {
      url = URL.createObjectURL(new Blob([CODE], { type: 'text/javascript' }));
      worker = new Worker(url);
      worker.onmessage = ({ data }: MessageEvent<number>) => pending.get(data)?.();
      // The page's timers go on.
      worker.onerror = refuse;
    } catch {
      refuse();
    }
  }

  function refuse(): void {
    isRefused = true;
    stop();
  }

  function stop(): void {
    worker?.terminate();
    worker = null;
    if (url !== '') URL.revokeObjectURL(url);
    url = '';
  }

  function setTimer(ms: number, run: () => void): () => void {
    const isSlowed = !isRefused && (ms >= SLOWED_MS || document.hidden);
    if (!isSlowed) return environment.setTimer(ms, run);
    newest += 1;
    const id = newest;
    const cancel = (): void => {
      cancelOwn();
      if (!pending.delete(id)) return;
      worker?.postMessage([id]);
      if (worker !== null && pending.size === 0) cancelRest = environment.setTimer(REST_MS, stop);
    };
    // Whichever is first.
    const due = (): void => {
      cancel();
      run();
    };
    const cancelOwn = environment.setTimer(ms, due);
    pending.set(id, due);
    cancelRest();
    if (worker === null) start();
    worker?.postMessage([id, Math.min(ms, LONGEST_TIMER_MS)]);
    return cancel;
  }

  return { ...environment, setTimer };
}
