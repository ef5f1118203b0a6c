/** A class with the constructor and the statics of the browser's WebSocket. */
export type WebSocketClass = typeof WebSocket;

/** What a server saw of a connection; `code` and `reason` are null until it has ended. */
export interface Seen {
  readonly texts: string[];
  code: number | null;
  reason: string | null;
}

export interface Context {
  readonly WebSocket: WebSocketClass;
  /** A URL of the test server: the path names what it does. */
  url(path: string): string;
  /** What the server saw of the connection with `?id=…` once it has ended. */
  seen(id: string): Promise<Seen>;
  /** A socket whose connection is open; it is closed after the test. */
  open(path?: string, protocols?: string | string[]): Promise<WebSocket>;
  /** A socket that is closed after the test. */
  create(path: string, protocols?: string | string[]): WebSocket;
}

/** One requirement of the WebSockets standard (https://websockets.spec.whatwg.org), or of the standards it names. */
export interface Requirement {
  readonly number: string;
  readonly text: string;
  /** Throws where the class does not keep it. */
  readonly run: (context: Context) => void | Promise<void>;
}

/** The next event of this type. */
export function next<K extends keyof WebSocketEventMap>(socket: WebSocket, type: K): Promise<WebSocketEventMap[K]> {
  return new Promise((resolve) => {
    socket.addEventListener(type, resolve, { once: true });
  });
}

/** What `run` throws; undefined: nothing. */
export function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** The name of what `run` throws. */
export function nameOf(run: () => unknown): string | undefined {
  return (thrownBy(run) as Error | undefined)?.name;
}

/** Errors that reach `window.onerror` while `run` goes on; they are taken off the test runner. */
export async function reported(run: () => Promise<void>): Promise<unknown[]> {
  const errors: unknown[] = [];
  const listener = (event: ErrorEvent): void => {
    errors.push(event.error);
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  window.addEventListener('error', listener, { capture: true });
  try {
    await run();
  } finally {
    window.removeEventListener('error', listener, { capture: true });
  }
  return errors;
}

/** A task later: what was queued before has run. */
export function aTask(ms = 0): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
