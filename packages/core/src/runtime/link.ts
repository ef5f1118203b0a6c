import type { Environment } from '../environment/ports.ts';
import type { Failure } from '../lib/errors.ts';
import type { Event } from '../machines/connection-state.ts';
import { CLOSE } from '../protocol/close-codes.ts';
import { openTransport, type Transport } from '../transport/websocket.ts';

export interface LinkOptions {
  readonly environment: Environment;
  readonly url: () => string | URL | Promise<string | URL>;
  readonly auth: (() => string | Promise<string>) | null;
  readonly subprotocols: readonly string[];
  /** Resolves when the outbox knows its logs: what the greeting is made of. */
  readonly ready: () => Promise<void>;
  readonly dispatch: (event: Event) => void;
  /** What the server said, before it closed, that it wants this client to wait. */
  readonly retryAfterMs: () => number | null;
  readonly onOpen: (token: string | null) => void;
  readonly onMessage: (data: unknown) => void;
}

/** The current connection: from its URL and token to its end. There is never more than one. */
export class Link {
  readonly #options: LinkOptions;
  #connectionId = 0;
  #transport: Transport | null = null;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  get bufferedAmount(): number {
    return this.#transport?.bufferedAmount ?? 0;
  }

  connect(connectionId: number): void {
    this.#connectionId = connectionId;
    void this.#open(connectionId);
  }

  send(data: string): void {
    this.#transport?.send(data);
  }

  detach(code: number, reason: string): void {
    // What is still on its way for this connection, a URL or a token, finds another id.
    this.#connectionId = 0;
    const transport = this.#transport;
    this.#transport = null;
    transport?.detach(code, reason);
  }

  async #open(connectionId: number): Promise<void> {
    const { dispatch, environment, subprotocols } = this.#options;
    const isCurrent = (): boolean => this.#connectionId === connectionId;
    const gathered = await this.#gather();
    if (!isCurrent()) return;
    if ('failure' in gathered) {
      dispatch({ type: 'link/failed', connectionId, failure: gathered.failure, closeCode: CLOSE.GOING_AWAY });
      return;
    }
    try {
      this.#transport = openTransport(environment, gathered.url, subprotocols, {
        opened: () => {
          dispatch({ type: 'link/opened', connectionId });
          if (isCurrent()) this.#options.onOpen(gathered.token);
        },
        message: (data) => this.#options.onMessage(data),
        closed: (code, reason, wasClean) => {
          this.#transport = null;
          dispatch({
            type: 'link/closed',
            connectionId,
            code,
            reason,
            wasClean,
            retryAfterMs: this.#options.retryAfterMs(),
          });
        },
      });
    } catch (cause) {
      const failure: Failure = {
        code: 'URL_FAILED',
        message: 'no WebSocket could be opened with this URL: see the cause',
        cause,
      };
      dispatch({ type: 'link/failed', connectionId, failure, closeCode: CLOSE.GOING_AWAY });
    }
  }

  /** URL, token and the outbox's readiness, all asked for at the same time. */
  async #gather(): Promise<{ url: string; token: string | null } | { failure: Failure }> {
    const asked = await Promise.all([
      attempt('URL_FAILED', 'the url function', async () => webSocketUrl(await this.#options.url())),
      attempt('TOKEN_FAILED', 'the auth function', async () =>
        this.#options.auth === null ? null : token(await this.#options.auth()),
      ),
      this.#options.ready(),
    ]);
    for (const answer of asked) if (answer !== undefined && 'failure' in answer) return answer;
    const [url, auth] = asked as readonly [{ value: string }, { value: string | null }, void];
    return { url: url.value, token: auth.value };
  }
}

async function attempt<T>(
  code: 'URL_FAILED' | 'TOKEN_FAILED',
  what: string,
  run: () => Promise<T>,
): Promise<{ value: T } | { failure: Failure }> {
  try {
    return { value: await run() };
  } catch (cause) {
    // The cause may quote a URL or a token: it is passed on, never put into words that are logged.
    return { failure: { code, message: `${what} failed`, cause } };
  }
}

/** A WebSocket URL as text; `http:` and `https:` stand for `ws:` and `wss:`, as in the WHATWG standard. */
function webSocketUrl(given: string | URL): string {
  const url = new URL(given, typeof location === 'undefined' ? undefined : location.href);
  if (url.protocol === 'http:') url.protocol = 'ws:';
  if (url.protocol === 'https:') url.protocol = 'wss:';
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') {
    throw new TypeError(`a WebSocket URL starts with ws: or wss:, not ${url.protocol}`);
  }
  url.hash = '';
  return url.href;
}

function token(given: unknown): string {
  if (typeof given !== 'string') throw new TypeError(`a token is a string, not ${typeof given}`);
  return given;
}
