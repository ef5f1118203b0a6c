import { browserEnvironment } from '../environment/browser.ts';
import type { Environment } from '../environment/ports.ts';
import { describe } from '../lib/describe.ts';
import { HoldfastError } from '../lib/errors.ts';
import type { Protocol } from '../machines/conversation.ts';
import type { ConnectionOptions } from '../machines/connection-state.ts';
import type { HeartbeatOptions } from '../machines/heartbeat.ts';
import type { Outbox } from '../storage/keeper.ts';
import { MAX_MESSAGES, memoryOutbox } from '../storage/memory-outbox.ts';
import { plain } from './protocols.ts';
import type { ConnectContext, EventRecord, SocketOptions } from './types.ts';

/** Options with every default filled in. */
export interface CheckedOptions<Outgoing> {
  readonly url: () => string | URL | Promise<string | URL>;
  readonly protocol: Protocol;
  readonly outbox: Outbox;
  readonly connection: ConnectionOptions;
  readonly heartbeat: HeartbeatOptions | null;
  readonly auth: (() => string | Promise<string>) | null;
  readonly signal: AbortSignal | null;
  readonly autoConnect: boolean;
  readonly onConnect: ((context: ConnectContext<Outgoing>) => void | Promise<void>) | null;
  readonly onEvent: ((record: EventRecord) => void) | null;
  readonly environment: Environment;
}

const KNOWN = new Set([
  'url',
  'protocol',
  'outbox',
  'reconnect',
  'heartbeat',
  'auth',
  'signal',
  'autoConnect',
  'onConnect',
  'onEvent',
  'environment',
]);

const RECONNECT = {
  initialDelayMs: 500,
  factor: 2,
  maxDelayMs: 5_000,
  maxAttempts: Number.POSITIVE_INFINITY,
  stableAfterMs: 5_000,
  connectTimeoutMs: 10_000,
} as const;
const HEARTBEAT = { intervalMs: 15_000, timeoutMs: 5_000 } as const;

/**
 * Checks everything once, here, so that no other place has to.
 * @throws HoldfastError INVALID_OPTION naming the option, the shape it was given and the way out
 */
export function checkOptions<Outgoing>(options: SocketOptions<Outgoing>): CheckedOptions<Outgoing> {
  if (typeof options !== 'object' || options === null) throw wrong('options', 'an object with at least a url', options);
  for (const [key, value] of Object.entries(options)) {
    if (!KNOWN.has(key)) throw wrong(key, `left out: it is no option (there are ${[...KNOWN].join(', ')})`, value);
  }
  const { protocol = plain(), outbox = memory(), environment = browserEnvironment() } = options;
  const { reconnect = {}, heartbeat = {}, auth, signal, autoConnect = true, onConnect, onEvent } = options;
  if (typeof protocol?.createConversation !== 'function') throw wrong('protocol', 'plain() or holdfast()', protocol);
  if (typeof outbox?.createKeeper !== 'function') throw wrong('outbox', 'memory() or indexedDB(…)', outbox);
  if (typeof environment?.openWebSocket !== 'function') throw wrong('environment', 'an Environment', environment);
  if (outbox.isStored && protocol.name === 'plain') {
    throw wrong(
      'outbox',
      'memory() with plain(): only holdfast() proves a delivery, so that a stored message may go',
      outbox,
    );
  }
  if (typeof autoConnect !== 'boolean') throw wrong('autoConnect', 'true or false', autoConnect);
  optionalFunction('auth', auth);
  optionalFunction('onConnect', onConnect);
  optionalFunction('onEvent', onEvent);
  if (auth !== undefined && protocol.name === 'plain') {
    throw wrong('auth', 'left out with plain(): put the token where your server looks for it, as in the url', auth);
  }
  if (options.heartbeat !== undefined && heartbeat !== false && protocol.name === 'plain') {
    throw wrong('heartbeat', 'left out with plain(): a browser can send a plain server no ping', heartbeat);
  }
  if (signal !== undefined && typeof signal?.addEventListener !== 'function')
    throw wrong('signal', 'an AbortSignal', signal);
  return {
    url: checkUrl(options.url),
    protocol,
    outbox,
    environment,
    connection: {
      ...numbers('reconnect', reconnect === false ? {} : reconnect, RECONNECT),
      ...(reconnect === false && { maxAttempts: 0 }),
    },
    heartbeat: heartbeat === false ? null : numbers('heartbeat', heartbeat, HEARTBEAT),
    auth: auth ?? null,
    signal: signal ?? null,
    autoConnect,
    onConnect: onConnect ?? null,
    onEvent: onEvent ?? null,
  };
}

/**
 * The outbox in memory: what waits is lost with the page.
 * @param options `maxMessages`: most messages that may wait or be in flight, default 10,000
 * @throws HoldfastError INVALID_OPTION
 */
export function memory(options: { readonly maxMessages?: number } = {}): Outbox {
  return memoryOutbox(numbers('memory', options, { maxMessages: MAX_MESSAGES }).maxMessages);
}

function checkUrl(url: unknown): CheckedOptions<never>['url'] {
  if (typeof url === 'function') return url as CheckedOptions<never>['url'];
  if (typeof url !== 'string' && !(url instanceof URL))
    throw wrong('url', 'a string, a URL or a function that gives one', url);
  try {
    // A relative URL is judged against any base: the page's own may be missing on a server.
    const { protocol } = new URL(url, 'http://localhost');
    if (!['ws:', 'wss:', 'http:', 'https:'].includes(protocol)) throw new TypeError(protocol);
  } catch {
    throw wrong('url', "a URL that starts with ws: or wss:, or a path such as '/socket'", url);
  }
  return () => url;
}

function numbers<Shape extends { readonly [name: string]: number }>(
  option: string,
  given: unknown,
  defaults: Shape,
): { readonly [Name in keyof Shape]: number } {
  if (typeof given !== 'object' || given === null) throw wrong(option, 'an object', given);
  const checked: { [name: string]: number } = { ...defaults };
  for (const [name, value] of Object.entries(given as { [name: string]: unknown })) {
    if (!Object.hasOwn(defaults, name))
      throw wrong(`${option}.${name}`, `left out: there are ${Object.keys(defaults).join(', ')}`, value);
    if (value === undefined) continue;
    if (typeof value !== 'number' || !(value > 0)) throw wrong(`${option}.${name}`, 'a number above 0', value);
    checked[name] = value;
  }
  return checked as { [Name in keyof Shape]: number };
}

function optionalFunction(option: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function') throw wrong(option, 'a function', value);
}

function wrong(option: string, shape: string, given: unknown): HoldfastError {
  const message = `option ${option} must be ${shape}, not ${describe(given)}`;
  return new HoldfastError({ code: 'INVALID_OPTION', message, details: { option } }, Date.now());
}
