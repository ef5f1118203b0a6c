import type { Sendable, Socket, SocketOptions } from '@holdfast/core';
import { invalid } from './first-hook.ts';

/** Where a hook connects. */
export type SocketUrl = SocketOptions['url'];

/** What `useSocket` takes with a URL: the options of `createSocket`, and how the socket is shared and let go. */
export interface UseSocketOptions<Outgoing = Sendable> extends Omit<SocketOptions<Outgoing>, 'url' | 'signal'> {
  /**
   * Names the socket. Needed when the URL is a function, which can't be compared; with a URL as text it tells two
   * sockets to the same place apart. Default: none.
   */
  readonly key?: string;
  /**
   * How long a socket that no component uses any more stays open, milliseconds, so that the next page of the app finds
   * it. Infinity: as long as the page, at most 24 days. Default 1,000.
   */
  readonly idleMs?: number;
}

/** A wish for a socket from the pool, as one render has it. */
export interface SocketRequest {
  /** The same for all requests that one socket can serve. */
  readonly key: string;
  readonly autoConnect: boolean;
  readonly idleMs: number;
  /** For `createSocket`. */
  readonly options: Omit<SocketOptions, 'signal' | 'autoConnect'>;
}

/** A socket that the app has made. */
export interface GivenSocket {
  readonly key: Socket;
  readonly autoConnect?: never;
}

/**
 * The key is equal for equal data, whose fields are in the same order. `autoConnect` and `idleMs` are the component's own business
 * and change no socket. Functions are never compared: of `auth` it counts whether it is there, since it makes another
 * conversation, and an environment is told from another by what it is.
 *
 * @throws HoldfastError INVALID_OPTION for a URL function without `key`
 */
export function socketRequest(url: SocketUrl, given: UseSocketOptions = {}): SocketRequest {
  const { key: name, autoConnect = true, idleMs = 1_000, ...options } = given;
  if (typeof url === 'function' && name === undefined) throw invalid('useSocket needs a key with a URL function');
  // JSON leaves functions out.
  const key = JSON.stringify([name, url, !!options.auth, options], (field, value: unknown) =>
    field === 'environment' && value ? identityOf(value) : value,
  );
  return { key, autoConnect, idleMs, options: { ...options, url } };
}

const identities = new WeakMap<object, number>();
let lastIdentity = 0;

function identityOf(value: object): number | undefined {
  if (!identities.has(value)) identities.set(value, (lastIdentity += 1));
  return identities.get(value);
}
