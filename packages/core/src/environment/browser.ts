import { LONGEST_TIMER_MS } from '../lib/timers.ts';
import { LOST } from '../protocol/close-codes.ts';
import type {
  ConnectionEnvironment,
  Environment,
  EnvironmentFact,
  SessionEnvironment,
  WebSocketLike,
} from './ports.ts';

/** How often it is looked whether time stood still, and how late such a look is when it did. */
const LOOK_MS = 2_000;
const ASLEEP_MS = 8_000;
/** A browser runs the timers of a hidden page once a minute. */
const ASLEEP_HIDDEN_MS = 75_000;

/** The global timer as it is at the call. What would be further ahead than it can wait comes at its longest. */
export function setTimer(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, Math.min(ms, LONGEST_TIMER_MS));
  return () => clearTimeout(timer);
}

/** The part of the browser, a worker or Node that a connection needs. */
export function connectionEnvironment(): ConnectionEnvironment {
  return {
    now: () => performance.now(),
    random: () => Math.random(),
    setTimer,
    openWebSocket(url, protocols) {
      if (typeof WebSocket === 'undefined') {
        throw new TypeError('no WebSocket here: give an environment with openWebSocket');
      }
      const socket = new WebSocket(url, [...protocols]);
      // A Blob would have to be read, and be overtaken by what comes after it.
      socket.binaryType = 'arraybuffer';
      // Of a port that it blocks WebKit tells by `error` alone, and only a task later that the socket is CLOSED: nobody
      // should wait for an end that does not come.
      socket.addEventListener('error', () => {
        const look = (): void => {
          if (socket.readyState === socket.CLOSED) socket.onclose?.(LOST as CloseEvent);
        };
        socket.addEventListener('close', setTimer(0, look));
      });
      return socket as WebSocketLike;
    },
    observe,
    isOnline: () => globalThis.navigator?.onLine !== false,
  };
}

/** And what a session needs beside it. */
export function sessionEnvironment(): SessionEnvironment {
  return { ...connectionEnvironment(), randomId, defer: (run) => queueMicrotask(run) };
}

/**
 * The browser, a worker or Node, taken as it is when a socket is made: what is missing is left out. Where there is no
 * WebSocket (Node before 22), `openWebSocket` throws an error that says so.
 */
export function browserEnvironment(): Environment {
  return {
    ...sessionEnvironment(),
    wallClock: () => Date.now(),
    nextFrame,
  };
}

/** 128 bits, base64url. `getRandomValues` exists on plain http too, unlike `randomUUID`. */
function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/** A page that is hidden, or is before its next frame, paints nothing: there a timer stands in for the frame. */
function nextFrame(run: () => void): () => void {
  const once = (): void => {
    cancel();
    run();
  };
  const frame = globalThis.document?.hidden ? 0 : (globalThis.requestAnimationFrame?.(once) ?? 0);
  const stopTimer = setTimer(frame ? 200 : 16, once);
  const cancel = (): void => {
    stopTimer();
    if (frame) cancelAnimationFrame(frame);
  };
  return cancel;
}

function observe(tell: (fact: EnvironmentFact) => void, signal: AbortSignal): void {
  const { document: page, navigator } = globalThis as Partial<typeof globalThis>;
  // Not every host has all of them, nor can each be listened to.
  const listen = (target: unknown, type: string, run: (event: Event) => void): void =>
    (target as Partial<EventTarget> | undefined)?.addEventListener?.(type, run, { signal });
  for (const fact of ['online', 'offline', 'focus'] as const) listen(globalThis, fact, () => tell(fact));
  // Into the back/forward cache, or away for good: either way the page stops here.
  listen(globalThis, 'pagehide', () => tell('frozen'));
  listen(globalThis, 'pageshow', (event) => (event as PageTransitionEvent).persisted && tell('resumed'));
  listen(page, 'visibilitychange', () => tell(page?.hidden ? 'hidden' : 'visible'));
  // Chromium dispatches these on document, and they do not bubble.
  listen(page, 'freeze', () => tell('frozen'));
  listen(page, 'resume', () => tell('resumed'));
  if (page?.hidden) tell('hidden');
  const network = (navigator as { readonly connection?: NetworkInformation } | undefined)?.connection;
  // It tells of every new estimate, too.
  const kindOf = (): string => `${network?.type} ${network?.effectiveType}`;
  let kind = kindOf();
  listen(network, 'change', () => {
    const before = kind;
    kind = kindOf();
    if (kind !== before) tell('network');
  });
  let looked = Date.now();
  const timer: unknown = setInterval(() => {
    const late = Date.now() - looked - LOOK_MS;
    looked = Date.now();
    if (late > (page?.hidden ? ASLEEP_HIDDEN_MS : ASLEEP_MS)) tell('woke');
  }, LOOK_MS);
  // In Node it is no reason to stay.
  (timer as { unref?(): void }).unref?.();
  signal.addEventListener('abort', () => clearInterval(timer as number));
}

/** Not in TypeScript's library; Chromium only. */
interface NetworkInformation extends EventTarget {
  readonly type?: string;
  readonly effectiveType?: string;
}
