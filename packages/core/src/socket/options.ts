import { browserEnvironment } from '../environment/browser.ts';
import type { Environment } from '../environment/ports.ts';
import { ERROR_CODES } from '../lib/errors.ts';
import { flushing, moving, pausing } from '../machines/connection-parts.ts';
import type { BackoffOptions } from '../machines/backoff.ts';
import type { Protocol } from '../machines/conversation.ts';
import type { ConnectionOptions } from '../machines/connection-state.ts';
import type { HeartbeatOptions } from '../machines/heartbeat.ts';
import type { Outbox } from '../storage/keeper.ts';
import { MAX_MESSAGES, memoryOutbox } from '../storage/memory-outbox.ts';
import { plain } from './protocols.ts';
import { wrongOption } from './wrong-option.ts';
import type { ConnectContext, EventRecord, ReconnectOptions, SocketOptions } from './types.ts';

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
  'hidden',
  'auth',
  'signal',
  'autoConnect',
  'onConnect',
  'onEvent',
  'environment',
]);

/**
 * Found by simulation (`bench/`, 10,000 clients): the median client is back 0.2, 0.8 and 1.7 s after outages of 1, 5 and
 * 20 s, and the load on the server that returns is near the least that clients can reach who don't know of each other.
 */
const RECONNECT = {
  initialDelayMs: 300,
  factor: 1.25,
  maxDelayMs: 6_000,
  maxAttempts: Number.POSITIVE_INFINITY,
  maxElapsedMs: Number.POSITIVE_INFINITY,
  coolDownMs: 60_000,
  stableAfterMs: 5_000,
  connectTimeoutMs: 10_000,
};
/** Its close comes with the handshake, or a packet later. */
const PROOF_MS = 100;
const BACKOFF = { initialDelayMs: 0, factor: 0, maxDelayMs: 0 };
const HEARTBEAT = { intervalMs: 15_000, timeoutMs: 5_000 };

/**
 * Checks everything once, here, so that no other place has to.
 * @throws HoldfastError INVALID_OPTION naming the option, the shape it was given and the way out
 */
export function checkOptions<Outgoing>(options: SocketOptions<Outgoing>): CheckedOptions<Outgoing> {
  if (typeof options !== 'object' || options === null)
    throw wrongOption('options', 'an object with at least a url', options);
  for (const [key, value] of Object.entries(options)) {
    if (!KNOWN.has(key)) throw wrongOption(key, `one of ${[...KNOWN].join(', ')}: it is no option`, value);
  }
  const { protocol = plain(), outbox = memory(), environment = browserEnvironment() } = options;
  const { reconnect = {}, heartbeat = {}, auth, signal, autoConnect = true, onConnect, onEvent } = options;
  if (typeof protocol?.createConversation !== 'function')
    throw wrongOption('protocol', 'plain() or holdfast()', protocol);
  if (typeof outbox?.createKeeper !== 'function') throw wrongOption('outbox', 'memory() or indexedDB(…)', outbox);
  if (typeof environment?.openWebSocket !== 'function') throw wrongOption('environment', 'an Environment', environment);
  if (outbox.isStored && protocol.name === 'plain') {
    throw wrongOption(
      'outbox',
      'memory() with plain(): only holdfast() proves a delivery, so that a stored message may go',
      outbox,
    );
  }
  if (typeof autoConnect !== 'boolean') throw wrongOption('autoConnect', 'true or false', autoConnect);
  optionalFunction('auth', auth);
  optionalFunction('onConnect', onConnect);
  optionalFunction('onEvent', onEvent);
  if (auth !== undefined && protocol.name === 'plain') {
    throw wrongOption(
      'auth',
      'left out with plain(): put the token where your server looks for it, as in the url',
      auth,
    );
  }
  if (options.heartbeat !== undefined && heartbeat !== false && !protocol.hasPing) {
    throw wrongOption('heartbeat', 'left out with plain() that has no ping: a browser has none of its own', heartbeat);
  }
  if (signal !== undefined && typeof signal?.addEventListener !== 'function')
    throw wrongOption('signal', 'an AbortSignal', signal);
  return {
    url: checkUrl(options.url),
    protocol,
    outbox,
    environment,
    connection: {
      ...reconnection(reconnect),
      ...hiding(options.hidden),
      canRace: true,
      // A server of holdfast.v1 speaks only after the hello.
      proofMs: protocol.name === 'plain' ? 0 : PROOF_MS,
      parts: [flushing, moving, pausing],
    },
    heartbeat: heartbeat === false ? null : numbers('heartbeat', heartbeat, HEARTBEAT),
    auth: auth ?? null,
    signal: signal ?? null,
    autoConnect,
    onConnect: onConnect ?? null,
    onEvent: onEvent ?? null,
  };
}

function reconnection(
  given: ReconnectOptions | false,
): Omit<ConnectionOptions, keyof ReturnType<typeof hiding> | 'canRace' | 'proofMs' | 'parts'> {
  if (given === null || (typeof given !== 'object' && given !== false))
    throw wrongOption('reconnect', 'an object or false', given);
  const { jitter, policies = {}, decide, ...rest } = given || {};
  checkJitter('reconnect.jitter', jitter);
  optionalFunction('reconnect.decide', decide);
  if (typeof policies !== 'object' || policies === null) throw wrongOption('reconnect.policies', 'an object', policies);
  const checked: { [code: string]: false | Partial<BackoffOptions> } = {};
  for (const [code, policy] of Object.entries(policies)) {
    const name = `reconnect.policies.${code}`;
    if (!Object.hasOwn(ERROR_CODES, code)) throw wrongOption(name, 'left out: it is no error code', policy);
    if (policy !== false && (typeof policy !== 'object' || policy === null))
      throw wrongOption(name, 'an object or false', policy);
    // What is undefined is left out, and no number.
    checked[code] = policy && Object.fromEntries(Object.entries(policy).filter(([, value]) => value !== undefined));
    if (policy === false) continue;
    const { jitter: kind, ...delays } = policy;
    checkJitter(`${name}.jitter`, kind);
    numbers(name, delays, BACKOFF);
  }
  return {
    ...numbers('reconnect', rest, RECONNECT),
    jitter: jitter ?? 'full',
    // Never by itself: no tries, and no cool-down after which there would be one.
    ...(given === false && { maxAttempts: 0, coolDownMs: Number.POSITIVE_INFINITY }),
    policies: checked,
    decide: decide ?? null,
  };
}

function checkJitter(option: string, given: unknown): void {
  const kinds: unknown[] = ['full', 'equal', 'decorrelated', 'none', undefined];
  if (!kinds.includes(given)) throw wrongOption(option, 'full, equal, decorrelated or none', given);
}

function hiding(given: SocketOptions['hidden'] = 'slow'): Pick<ConnectionOptions, 'hiddenPauses' | 'releaseAfterMs'> {
  const never = Number.POSITIVE_INFINITY;
  if (given === 'keep' || given === 'slow') return { hiddenPauses: given === 'slow' ? 2 : 1, releaseAfterMs: never };
  if (typeof given !== 'object' || given === null)
    throw wrongOption('hidden', "'keep', 'slow' or { releaseAfterMs }", given);
  return { hiddenPauses: 2, ...numbers('hidden', given, { releaseAfterMs: never }) };
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
    throw wrongOption('url', 'a string, a URL or a function that gives one', url);
  try {
    // A relative URL is judged against any base: the page's own may be missing on a server.
    const { protocol } = new URL(url, 'http://localhost');
    if (!['ws:', 'wss:', 'http:', 'https:'].includes(protocol)) throw new TypeError(protocol);
  } catch {
    throw wrongOption('url', "a URL that starts with ws: or wss:, or a path such as '/socket'", url);
  }
  return () => url;
}

function numbers<Shape extends { readonly [name: string]: number }>(
  option: string,
  given: unknown,
  defaults: Shape,
): { readonly [Name in keyof Shape]: number } {
  if (typeof given !== 'object' || given === null) throw wrongOption(option, 'an object', given);
  const checked: { [name: string]: number } = { ...defaults };
  for (const [name, value] of Object.entries(given as { [name: string]: unknown })) {
    if (!Object.hasOwn(defaults, name))
      throw wrongOption(`${option}.${name}`, `one of ${Object.keys(defaults).join(', ')}: it is no option`, value);
    if (value === undefined) continue;
    if (typeof value !== 'number' || !(value > 0)) throw wrongOption(`${option}.${name}`, 'a number above 0', value);
    checked[name] = value;
  }
  return checked as { [Name in keyof Shape]: number };
}

function optionalFunction(option: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function') throw wrongOption(option, 'a function', value);
}
