import type { Sendable, SocketOptions } from '@holdfast/core';
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
   * it. From 0 to 2,147,483,647. Default 1,000.
   */
  readonly idleMs?: number;
}

/** A wish for a socket from the pool, as one render has it. */
export interface SocketRequest {
  /** The same for all requests that one socket can serve. */
  readonly key: string;
  readonly url: SocketUrl;
  readonly options: UseSocketOptions;
}

const LONGEST_TIMER_MS = 2_147_483_647;

/** @throws HoldfastError INVALID_OPTION for a URL function without `key`, or a wrong `key` or `idleMs`. */
export function socketRequest(url: SocketUrl, options: UseSocketOptions): SocketRequest {
  if (options.key !== undefined && typeof options.key !== 'string') throw invalid('useSocket: key must be a string');
  if (typeof url === 'function' && options.key === undefined) {
    throw invalid('useSocket: a url function needs a key: two functions cannot be compared');
  }
  const { idleMs } = options;
  if (idleMs !== undefined && !(typeof idleMs === 'number' && idleMs >= 0 && idleMs <= LONGEST_TIMER_MS)) {
    throw invalid(`useSocket: idleMs must be a number from 0 to ${LONGEST_TIMER_MS}`);
  }
  return { key: requestKey(url, options), url, options };
}

/**
 * Equal for equal data. `autoConnect` and `idleMs` are the component's own business and change no socket; of the
 * functions only `auth` counts, and only whether it is there, since it makes another conversation.
 */
function requestKey(url: SocketUrl, options: UseSocketOptions): string {
  const { key, protocol, auth, ...rest } = options;
  const { autoConnect: _autoConnect, idleMs: _idleMs, onConnect: _onConnect, onEvent: _onEvent, ...data } = rest;
  return JSON.stringify([
    typeof url === 'function' ? null : String(url),
    key ?? null,
    auth !== undefined,
    protocol === undefined ? null : entriesOf(protocol, false),
    toComparable(data),
  ]);
}

/** Plain data in a form whose JSON is the same for equal values, whatever the order of keys. */
function toComparable(value: unknown): unknown {
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'symbol') {
    return [typeof value, String(value)];
  }
  if (typeof value === 'function') return ['identity', identityOf(value)];
  if (typeof value !== 'object' || value === null) return value ?? null;
  if (Array.isArray(value)) return ['array', ...value.map(toComparable)];
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return ['identity', identityOf(value)];
  // Two stored outboxes with equal numbers may keep the messages of two people. Where no `scope` tells them apart,
  // their functions do, by identity: one socket too many is a nuisance, one too few mixes up people.
  const hasScope = 'scope' in value && typeof value.scope === 'string';
  return ['object', ...entriesOf(value, !hasScope)];
}

function entriesOf(value: object, areFunctionsCompared: boolean): unknown[] {
  return Object.entries(value)
    .filter(([, item]) => item !== undefined && (areFunctionsCompared || typeof item !== 'function'))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, item]) => [name, toComparable(item)]);
}

const identities = new WeakMap<object, number>();
let lastIdentity = 0;

function identityOf(value: object): number {
  let identity = identities.get(value);
  if (identity === undefined) {
    lastIdentity += 1;
    identity = lastIdentity;
    identities.set(value, identity);
  }
  return identity;
}
