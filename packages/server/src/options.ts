import { describe, MOST_DRAIN_MS, MOST_REFUSALS } from '@holdfast/core/protocol';
import { DEFAULT_HEARTBEAT, DEFAULT_LIMITS, LONGEST_TIMER_MS } from './session/limits.ts';

/** Limits that bound a stored age, no timer. */
const AGES: ReadonlySet<string> = new Set(['limits.producerTtlMs']);
/** Bounds of the wire. */
const MOST: { readonly [field: string]: number } = {
  'limits.reauthMs': MOST_DRAIN_MS,
  'limits.window.messages': MOST_REFUSALS,
};
/** Numbers that may be 0; all others start at 1. */
const MAY_BE_ZERO: ReadonlySet<string> = new Set(['limits.handlerRetries', 'limits.handlerRetryDelayMs']);

const FUNCTIONS = ['onMessage', 'onSession', 'onSessionEnd', 'authenticate', 'clientAddress', 'onEvent'] as const;
const STORE_METHODS = ['claim', 'advance', 'release', 'forget', 'surplus', 'expired', 'close'] as const;
const POSITION_METHODS = ['load', 'commit'] as const;
const NAMES = [...FUNCTIONS, 'store', 'positions', 'heartbeat', 'limits', 'admission', 'allowedOrigins', 'compression'];
/** What `drain` and `close` take: most and default of each. */
const TIMES: { readonly [Name in 'withinMs' | 'graceMs' | 'retryAfterMs']: readonly [most: number, usual: number] } = {
  withinMs: [MOST_DRAIN_MS, 30_000],
  graceMs: [LONGEST_TIMER_MS, 5_000],
  // Clients come back by then, whatever they are told.
  retryAfterMs: [600_000, 0],
};

/**
 * Checks the options of `createServer`, once.
 * @throws TypeError or RangeError that names the field, what is there, and what may be there.
 */
export function checkOptions(options: unknown): void {
  const object = record('options', options, 'createServer({ onMessage(message, session) { … } })');
  known('', object, NAMES);
  if (object['onMessage'] === undefined) {
    throw new TypeError('onMessage is missing: createServer needs the function that takes messages');
  }
  for (const name of FUNCTIONS) {
    const value = object[name];
    if (value !== undefined && typeof value !== 'function') {
      throw new TypeError(`${name} must be a function, not ${describe(value)}`);
    }
  }
  methods('store', object['store'], STORE_METHODS, 'memoryStore() or lmdbStore({ path })');
  methods('positions', object['positions'], POSITION_METHODS, '{ load(producer), commit(tx, producer, seq) }');
  numbers('heartbeat', object['heartbeat'], DEFAULT_HEARTBEAT);
  numbers('limits', object['limits'], DEFAULT_LIMITS);
  admission(object['admission']);
  origins(object['allowedOrigins']);
  compression(object['compression']);
}

/** @throws TypeError for a path that no request can have. */
export function checkPath(path: unknown): void {
  if (typeof path !== 'string' || !path.startsWith('/') || /[?#]/.test(path)) {
    throw new TypeError(`path must be a string such as '/socket', without a query, not ${shown(path)}`);
  }
}

/** @throws TypeError for what has no upgrades, such as an Express app: it would take the listener, and never call it. */
export function checkHttpServer(server: unknown): void {
  if (typeof (server as { listening?: unknown } | null | undefined)?.listening === 'boolean') return;
  const given = typeof server === 'function' ? 'a function (of an Express app: createServer(app))' : describe(server);
  throw new TypeError(`attach needs a server of node:http or node:https, not ${given}`);
}

/** Gives a time, or its default where it is left out. @throws RangeError for one out of bounds. */
export function checkTime(name: keyof typeof TIMES, value: number | undefined): number {
  const [most, fallback] = TIMES[name];
  if (value === undefined) return fallback;
  whole(name, value, 0, most, fallback);
  return value;
}

function admission(value: unknown): void {
  if (value === undefined) return;
  const object = record('admission', value, '{ perSecond: 100 }');
  known('admission.', object, ['perSecond', 'burst']);
  const { perSecond, burst } = object;
  whole('admission.perSecond', perSecond, 1, 1_000_000);
  if (burst !== undefined) whole('admission.burst', burst, 1, 1_000_000, perSecond as number);
}

function compression(value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return;
  const object = record('compression', value, '{ thresholdBytes: 1_024 }, or true');
  known('compression.', object, ['thresholdBytes']);
  const { thresholdBytes } = object;
  if (thresholdBytes !== undefined)
    whole('compression.thresholdBytes', thresholdBytes, 0, Number.MAX_SAFE_INTEGER, 1_024);
}

function numbers(name: string, value: unknown, defaults: object): void {
  if (value === undefined) return;
  const object = record(name, value, `{ ${Object.keys(defaults).join(', ')} }`);
  known(`${name}.`, object, Object.keys(defaults));
  for (const [key, fallback] of Object.entries(defaults) as [string, unknown][]) {
    const field = `${name}.${key}`;
    const given = object[key];
    if (given === undefined) continue;
    if (typeof fallback === 'number') {
      const most = key.endsWith('Ms') && !AGES.has(field) ? (MOST[field] ?? LONGEST_TIMER_MS) : Number.MAX_SAFE_INTEGER;
      whole(field, given, MAY_BE_ZERO.has(field) ? 0 : 1, most, fallback);
      continue;
    }
    // A group is given whole: half of one would hide what the other half is.
    const parts = Object.entries(fallback as Record<string, number>);
    const names = parts.map(([part]) => part);
    const group = record(field, given, `{ ${names.join(', ')} }`);
    known(`${field}.`, group, names);
    for (const [part, usual] of parts) {
      if (group[part] === undefined) throw new TypeError(`${field}.${part} is missing: its default is ${usual}`);
      const place = `${field}.${part}`;
      whole(place, group[part], 1, MOST[place] ?? Number.MAX_SAFE_INTEGER);
    }
  }
}

function origins(value: unknown): void {
  if (value === undefined || value === '*' || typeof value === 'function') return;
  if (!Array.isArray(value)) {
    throw new TypeError(
      `allowedOrigins must be '*', a list such as ['https://app.example'], or a function, not ${shown(value)}`,
    );
  }
  for (const [index, origin] of (value as unknown[]).entries()) {
    const clean = typeof origin === 'string' && URL.canParse(origin) ? new URL(origin).origin : null;
    if (clean === null || clean === 'null') {
      throw new TypeError(
        `allowedOrigins[${index}] must be an origin such as 'https://app.example', not ${shown(origin)}`,
      );
    }
    if (clean !== origin) {
      throw new TypeError(`allowedOrigins[${index}] is ${shown(origin)}, which no browser sends: it sends '${clean}'`);
    }
  }
}

function methods(name: string, value: unknown, needed: readonly string[], example: string): void {
  if (value === undefined) return;
  const object = record(name, value, example);
  const missing = needed.filter((method) => typeof object[method] !== 'function');
  if (missing.length === 0) return;
  throw new TypeError(`${name} has no method ${missing.join(', ')}: it must be ${example}, or something like it`);
}

function record(name: string, value: unknown, example: string): { readonly [key: string]: unknown } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`${name} must be an object such as ${example}, not ${describe(value)}`);
  }
  return value as { readonly [key: string]: unknown };
}

function known(prefix: string, object: object, names: readonly string[]): void {
  for (const name of Object.keys(object)) {
    if (names.includes(name)) continue;
    throw new TypeError(`${prefix}${name} is no option: there are ${names.join(', ')}`);
  }
}

function whole(name: string, value: unknown, least: number, most: number, fallback?: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return;
  const wayOut = fallback === undefined ? '' : `: leave it out for ${fallback}`;
  throw new RangeError(`${name} must be a whole number from ${least} to ${most}, not ${describe(value)}${wayOut}`);
}

/** A value of the app's own code, which is neither secret nor huge as a rule. */
function shown(value: unknown): string {
  return typeof value === 'string' && value.length <= 100 ? `'${value}'` : describe(value);
}
