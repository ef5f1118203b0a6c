import { describe } from '../lib/describe.ts';
import { HoldfastError } from '../lib/errors.ts';
import { setTimer } from './browser.ts';
import { judge, type Answer, type Diagnosis, type Findings } from './diagnosis.ts';

/** What a trial connection offers, and how long it may take. */
export interface DiagnoseOptions {
  /** Ends it: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** How long the handshake may take, and then the requests all at once, milliseconds. Default 5,000. */
  readonly timeoutMs?: number;
  /** Subprotocols to offer: a server that needs one refuses a handshake without. Default none. */
  readonly protocols?: readonly string[];
  /** The outside world; the browser's by default. */
  readonly environment?: DiagnoseEnvironment;
}

/** What `diagnose` needs from the outside. */
export interface DiagnoseEnvironment {
  /** Address of the page or worker; null without one. */
  readonly page: string | null;
  isOnline(): boolean;
  /** Whether a service worker answers the requests of the page. */
  hasServiceWorker(): boolean;
  /** Runs `run` after `ms`; the function returned cancels it. */
  setTimer(ms: number, run: () => void): () => void;
  /** Opens a WebSocket; throws what the constructor throws. */
  openWebSocket(url: string, protocols: readonly string[]): TrialSocket;
  fetch(url: string, init: RequestInit): Promise<Pick<Response, 'status'>>;
  /** Tells the addresses that the Content-Security-Policy blocks, until `signal` aborts. */
  observePolicy(tell: (blockedUri: string) => void, signal: AbortSignal): void;
}

/** The part of a WebSocket that a trial needs. */
export interface TrialSocket {
  onopen: ((event: never) => void) | null;
  onclose: ((event: { readonly code: number }) => void) | null;
  close(): void;
}

const NOT_ASKED: Answer = { outcome: 'not asked', status: null };
/** A handshake follows no redirect either. */
const READABLE: RequestInit = { redirect: 'manual' };
const OPAQUE: RequestInit = { mode: 'no-cors', credentials: 'omit' };

/**
 * Finds out why `url` can't be reached, as far as a browser lets a page see, and says how sure it is. It opens a WebSocket
 * and closes it at once. If that fails it sends plain GET requests: to the same address, to the same port without TLS
 * (from pages of http only, and without path and query), and to the root of the page's own server. Not for every retry:
 * each call costs the server these requests, and blocked ones may appear in the reports of a Content-Security-Policy.
 * @throws HoldfastError (by rejection) INVALID_OPTION; the reason of the signal
 */
export async function diagnose(url: string | URL, options: DiagnoseOptions = {}): Promise<Diagnosis> {
  const { signal, timeoutMs = 5_000, protocols = [], environment = browserSurroundings() } = options;
  if (!(timeoutMs > 0)) throw wrong('timeoutMs', 'a number above 0', timeoutMs);
  const target = targetOf(url, environment.page);
  signal?.throwIfAborted();
  const scope = new AbortController();
  const stop = (): void => scope.abort();
  signal?.addEventListener('abort', stop);
  try {
    const trial = new Trial(target, timeoutMs, environment, scope.signal);
    const findings = await trial.run(protocols);
    signal?.throwIfAborted();
    return judge(findings);
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
  }
}

/** One diagnosis: first a handshake, then, where that says too little, plain requests all at once. */
class Trial {
  readonly #target: URL;
  readonly #timeoutMs: number;
  readonly #environment: DiagnoseEnvironment;
  readonly #signal: AbortSignal;
  readonly #pageOrigin: string | null;
  /** Scheme and host of what the policy has blocked. */
  readonly #blocked = new Set<string>();
  #onBlocked: (() => void) | null = null;
  readonly #requests = new AbortController();

  constructor(target: URL, timeoutMs: number, environment: DiagnoseEnvironment, signal: AbortSignal) {
    this.#target = target;
    this.#timeoutMs = timeoutMs;
    this.#environment = environment;
    this.#signal = signal;
    this.#pageOrigin = environment.page === null ? null : new URL(environment.page).origin;
    environment.observePolicy((blockedUri) => {
      this.#blocked.add(originOf(blockedUri));
      if (this.#isBlocked(target)) this.#onBlocked?.();
    }, signal);
  }

  async run(protocols: readonly string[]): Promise<Findings> {
    const handshake = await this.#shakeHands(protocols);
    let answers: Pick<Findings, 'twin' | 'plain' | 'own'> = { twin: NOT_ASKED, plain: NOT_ASKED, own: NOT_ASKED };
    if ((handshake.outcome === 'closed' || handshake.outcome === 'silent') && !this.#signal.aborted) {
      const stop = (): void => this.#requests.abort();
      const cancel = this.#environment.setTimer(this.#timeoutMs, stop);
      this.#signal.addEventListener('abort', stop);
      answers = await this.#askAll();
      cancel();
      // Nobody reads the bodies.
      stop();
    } else {
      await this.#nextTask();
    }
    return {
      pageOrigin: this.#pageOrigin,
      isOnline: this.#environment.isOnline(),
      hasServiceWorker: this.#environment.hasServiceWorker(),
      target: this.#target,
      timeoutMs: this.#timeoutMs,
      handshake: handshake.outcome !== 'open' && this.#isBlocked(this.#target) ? { outcome: 'blocked' } : handshake,
      ...answers,
    };
  }

  #shakeHands(protocols: readonly string[]): Promise<Findings['handshake']> {
    return new Promise((resolve, reject) => {
      let socket: TrialSocket | null = null;
      const end = (outcome: Findings['handshake']): void => {
        cancel();
        if (socket !== null) {
          socket.onopen = socket.onclose = null;
          socket.close();
          socket = null;
        }
        resolve(outcome);
      };
      const giveUp = (): void => end({ outcome: 'silent' });
      const cancel = this.#environment.setTimer(this.#timeoutMs, giveUp);
      this.#signal.addEventListener('abort', giveUp);
      // Chromium tells a socket nothing at all when the policy blocks it.
      this.#onBlocked = () => end({ outcome: 'blocked' });
      try {
        socket = this.#environment.openWebSocket(this.#target.href, protocols);
        socket.onopen = () => end({ outcome: 'open' });
        socket.onclose = ({ code }) => end({ outcome: 'closed', code });
      } catch (cause) {
        const { name } = cause as Error;
        if (name === 'SyntaxError') reject(wrong('protocols', 'what a WebSocket takes', protocols));
        end({ outcome: 'thrown', name });
      }
    });
  }

  async #askAll(): Promise<Pick<Findings, 'twin' | 'plain' | 'own'>> {
    const pageOrigin = this.#pageOrigin ?? '';
    const isSecure = this.#target.protocol === 'wss:';
    const twin = new URL(this.#target);
    twin.protocol = isSecure ? 'https:' : 'http:';
    const isOwn = twin.origin === pageOrigin;
    // Without TLS nothing may go out that the path or the query keep secret.
    const plain = new URL(`http://${twin.hostname}:${twin.port || 443}/`);
    const canAskPlain = isSecure && !pageOrigin.startsWith('https:');
    const canAskOwn = !isOwn && pageOrigin.startsWith('http') && !this.#environment.hasServiceWorker();
    const [readable, opaque, unsecured, own] = await Promise.all([
      this.#ask(twin, READABLE),
      isOwn ? NOT_ASKED : this.#ask(twin, OPAQUE),
      canAskPlain ? this.#ask(plain, OPAQUE) : NOT_ASKED,
      canAskOwn ? this.#ask(new URL(pageOrigin), { ...READABLE, method: 'HEAD' }) : NOT_ASKED,
    ]);
    const answer = readable.outcome !== 'answered' && opaque.outcome === 'answered' ? opaque : readable;
    return { twin: answer, plain: unsecured, own: isOwn ? answer : own };
  }

  async #ask(url: URL, init: RequestInit): Promise<Answer> {
    const { signal } = this.#requests;
    try {
      const { status } = await this.#environment.fetch(url.href, { ...init, cache: 'no-store', signal });
      // 0: of another origin, or a redirect.
      return { outcome: 'answered', status: status === 0 ? null : status };
    } catch {
      // What fetch throws says no more than that it failed.
      await this.#nextTask();
      return { outcome: signal.aborted ? 'silent' : this.#isBlocked(url) ? 'blocked' : 'failed', status: null };
    }
  }

  #isBlocked(url: URL): boolean {
    return this.#blocked.has(originOf(url.href));
  }

  /** The policy's verdict comes as an event of its own, after what it blocks has failed. */
  #nextTask(): Promise<void> {
    return new Promise((resolve) => void this.#environment.setTimer(0, resolve));
  }
}

function targetOf(url: unknown, page: string | null): URL {
  try {
    const target = new URL(String(url), page ?? undefined);
    target.protocol = target.protocol.replace('http', 'ws');
    target.hash = target.username = target.password = '';
    if (target.protocol === 'ws:' || target.protocol === 'wss:') return target;
  } catch {
    // Told below, with what was given.
  }
  throw wrong('url', "a URL that starts with ws: or wss:, or a path such as '/socket'", url);
}

/** Scheme and host; the policy also names things that are no URL. */
function originOf(uri: string): string {
  return /^\w+:\/\/[^/?#]+/.exec(uri)?.[0] ?? '';
}

/** The browser or a worker, taken as it is at the call. */
function browserSurroundings(): DiagnoseEnvironment {
  return {
    page: typeof location === 'undefined' ? null : location.href,
    isOnline: () => typeof navigator === 'undefined' || navigator.onLine !== false,
    hasServiceWorker: () => typeof navigator !== 'undefined' && (navigator.serviceWorker?.controller ?? null) !== null,
    setTimer,
    openWebSocket: (url, protocols) => new WebSocket(url, [...protocols]) as TrialSocket,
    fetch: (url, init) => fetch(url, init),
    observePolicy(tell, signal) {
      const target = typeof document === 'undefined' ? globalThis : document;
      target.addEventListener?.(
        'securitypolicyviolation',
        (event) => {
          const { blockedURI, disposition } = event as SecurityPolicyViolationEvent;
          // A policy that is only reported forbids nothing.
          if (disposition !== 'report') tell(blockedURI);
        },
        { signal },
      );
    },
  };
}

function wrong(option: string, shape: string, given: unknown): HoldfastError {
  const message = `diagnose: ${option} must be ${shape}, not ${describe(given)}`;
  return new HoldfastError({ code: 'INVALID_OPTION', message, details: { option } }, Date.now());
}
