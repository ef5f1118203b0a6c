import { browserEnvironment } from '../environment/browser.ts';
import type { Environment } from '../environment/ports.ts';
import { ERROR_CODES } from '../lib/errors.ts';
import { flushing, moving, pausing } from '../machines/connection-parts.ts';
import { anyJitter, type BackoffOptions, type Jitter } from '../machines/backoff.ts';
import type { Protocol } from '../machines/conversation.ts';
import type { ConnectionOptions, RetryPolicies } from '../machines/connection-state.ts';
import type { HeartbeatOptions } from '../machines/heartbeat.ts';
import type { Outbox } from '../storage/keeper.ts';
import { MAX_BYTES, MAX_MESSAGES, OVERFLOWS, type OutboxBounds, type Overflow } from '../storage/limits.ts';
import { memoryOutbox } from '../storage/memory-outbox.ts';
import { plain } from './protocols.ts';
import { isUrl } from './target.ts';
import { above0, fill, type Field, type Filled, isObject, optional } from './fields.ts';
import type { ConnectContext, EventRecord, HeartbeatSettings, ReconnectOptions, SocketOptions } from './types.ts';
import { wrongOption } from './wrong-option.ts';

/** Options with every default filled in. */
export interface CheckedOptions<Outgoing> {
  readonly url: Exclude<SocketOptions['url'], string | URL>;
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

const NEVER = Infinity;
/** Its close comes with the handshake, or a packet later. */
const PROOF_MS = 100;

const JITTER: Field<Jitter> = [
  'full',
  (value) => ['full', 'equal', 'decorrelated', 'none'].includes(value as string),
  'full, equal, decorrelated or none',
];
/**
 * Found by simulation (`bench/`, 10,000 clients): the median client is back 0.2, 0.8 and 1.7 s after outages of 1, 5 and
 * 20 s, and the load on the server that returns is near the least that clients can reach who don't know of each other.
 */
const BACKOFF = { initialDelayMs: above0(300), factor: above0(1.25), maxDelayMs: above0(6_000), jitter: JITTER };
const RECONNECT = {
  ...BACKOFF,
  maxAttempts: above0(NEVER),
  maxElapsedMs: above0(NEVER),
  coolDownMs: above0(60_000),
  stableAfterMs: above0(5_000),
  connectTimeoutMs: above0(10_000),
  policies: [{}, isObject, 'an object'] as Field<RetryPolicies>,
  decide: optional<NonNullable<ReconnectOptions['decide']>>(),
};
const LIMITS = {
  maxMessages: above0(MAX_MESSAGES),
  maxBytes: above0(MAX_BYTES),
  maxMessageBytes: [null, above0(1)[1], 'a number above 0'] as Field<number | null>,
  maxAgeMs: above0(NEVER),
  overflow: [
    'reject',
    (value) => OVERFLOWS.includes(value as Overflow),
    'reject, drop-oldest or drop-newest',
  ] as Field<Overflow>,
};
const HEARTBEAT = { intervalMs: above0(15_000), timeoutMs: above0(5_000) };

/** False, or options of its own. */
function settings<T extends object>(): Field<T | false> {
  return [{} as T, (value) => value === false || isObject(value), 'an object or false'];
}

/** A part that has this method; null: the default. */
function having<T>(method: string, shape: string): Field<T | null> {
  return [null, (value) => typeof (value as { [name: string]: unknown } | null)?.[method] === 'function', shape];
}

const OPTIONS = {
  url: [
    undefined,
    (value) => typeof value === 'function' || isUrl(value),
    "a URL that starts with ws: or wss:, a path such as '/socket', or a function that gives one",
  ] as Field<SocketOptions['url']>,
  protocol: having<Protocol>('createConversation', 'plain() or holdfast()'),
  outbox: having<Outbox>('createKeeper', 'memory() or indexedDB(…)'),
  reconnect: settings<ReconnectOptions>(),
  heartbeat: settings<HeartbeatSettings>(),
  hidden: [
    'slow',
    (value) => value === 'keep' || value === 'slow' || isObject(value),
    "'keep', 'slow' or { releaseAfterMs }",
  ] as Field<NonNullable<SocketOptions['hidden']>>,
  auth: optional<NonNullable<SocketOptions['auth']>>(),
  signal: having<AbortSignal>('addEventListener', 'an AbortSignal'),
  autoConnect: [true, (value) => typeof value === 'boolean', 'true or false'] as Field<boolean>,
  onConnect: optional<NonNullable<SocketOptions<never>['onConnect']>>(),
  onEvent: optional<NonNullable<SocketOptions['onEvent']>>(),
  environment: having<Environment>('openWebSocket', 'an Environment'),
};

/**
 * Checks everything once, here, so that no other place has to.
 * @throws HoldfastError INVALID_OPTION naming the option, the shape it was given and the way out
 */
export function checkOptions<Outgoing>(options: SocketOptions<Outgoing>): CheckedOptions<Outgoing> {
  const filled = fill('', options, OPTIONS);
  const { url, reconnect, heartbeat, hidden, auth } = filled;
  const protocol = filled.protocol ?? plain();
  const outbox = filled.outbox ?? memory();
  const isPlain = protocol.name === 'plain';
  if (auth !== null && isPlain)
    throw wrongOption(
      'auth',
      'left out with plain(): put the token where your server looks for it, as in the url',
      auth,
    );
  if (options.heartbeat !== undefined && heartbeat !== false && !protocol.hasPing)
    throw wrongOption('heartbeat', 'left out with plain() that has no ping: a browser has none of its own', heartbeat);
  return {
    ...filled,
    url: typeof url === 'function' ? url : () => url,
    protocol,
    outbox,
    environment: filled.environment ?? browserEnvironment(),
    connection: {
      ...reconnection(reconnect),
      hiddenPauses: hidden === 'keep' ? 1 : 2,
      ...fill('hidden', isObject(hidden) ? hidden : {}, { releaseAfterMs: above0(NEVER) }),
      canRace: true,
      // A server of holdfast.v1 speaks only after the hello.
      proofMs: isPlain ? 0 : PROOF_MS,
      parts: [flushing, moving, pausing],
      backoff: anyJitter,
    },
    heartbeat: heartbeat ? fill('heartbeat', heartbeat, HEARTBEAT) : null,
  };
}

function reconnection(given: ReconnectOptions | false): Filled<typeof RECONNECT> {
  const filled = fill('reconnect', given || {}, RECONNECT);
  const policies: { [code: string]: false | Partial<BackoffOptions> } = {};
  for (const [code, policy] of Object.entries(filled.policies)) {
    const name = `reconnect.policies.${code}`;
    if (!Object.hasOwn(ERROR_CODES, code)) throw wrongOption(name, 'left out: it is no error code', policy);
    if (policy !== false) fill(name, policy, BACKOFF);
    // What is undefined is left out, and no number.
    policies[code] = policy && Object.fromEntries(Object.entries(policy).filter(([, value]) => value !== undefined));
  }
  // Never by itself: no tries, and no cool-down after which there would be one.
  return { ...filled, ...(given === false && { maxAttempts: 0, coolDownMs: NEVER }), policies };
}

/**
 * The outbox in memory: what waits is lost with the page.
 * @param options `maxMessages`: most messages that may wait or be in flight, default 10,000
 * @throws HoldfastError INVALID_OPTION
 */
export function memory(options: OutboxBounds = {}): Outbox {
  return memoryOutbox(fill('memory', options, LIMITS));
}
