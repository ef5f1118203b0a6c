import { browserEnvironment } from '../environment/browser.ts';
import type { Environment } from '../environment/ports.ts';
import type { ErrorCode } from '../lib/errors.ts';
import { type Endpoint, EndpointRace, proved, type RaceHost } from './endpoint-race.ts';
import { above0, fill, type Field, isObject } from './fields.ts';
import { isUrl, webSocketUrl } from './target.ts';
import type { Socket } from './types.ts';
import { wrongOption } from './wrong-option.ts';

/** How several endpoints are dialled. Durations are milliseconds. */
export interface EndpointsOptions {
  /**
   * How long an endpoint is waited for before the next one is dialled beside it. Default 250, the delay between two attempts
   * that RFC 8305 ("Happy Eyeballs", section 5) recommends. An endpoint whose last handshake took longer than half of this gets
   * twice that handshake, up to 2,000. Each dial beside another costs the endpoints a handshake. Infinity: only an endpoint that
   * fails makes the next one start.
   */
  readonly hedgeAfterMs?: number;
  /** How long an endpoint that failed, or that another one has outrun, is asked last. Default 60,000. */
  readonly coolDownMs?: number;
  /**
   * After how long on another endpoint the socket moves back to one before it in the list, by `migrate()`: drawn from this to
   * twice this, so that a fleet does not return in one moment, and doubled by every return that does not last, at most sixteen-fold.
   * Default 60,000; Infinity: never. Where the endpoints share no sessions, a return begins a new one.
   */
  readonly returnAfterMs?: number;
  /** The outside world, `workerTimers()` for one; the browser's by default. */
  readonly environment?: Environment;
}

/** What `createSocket` and `HoldfastWebSocket` are given. */
export interface EndpointsTarget {
  /** The preferred endpoint. An app may give a function of its own: its query goes to every endpoint. */
  readonly url: () => string;
  /** Opens one connection to whichever endpoint is there first. For one socket. */
  readonly environment: Environment;
}

/** Several addresses of a service, in the order of preference. */
export interface Endpoints {
  /**
   * Gives back what `make` makes: a socket of `createSocket`, which also returns to the preferred endpoint, or anything else
   * that takes a URL and an environment. May be called for several sockets: they share what is known of the endpoints.
   */
  readonly open: <Made>(make: (where: EndpointsTarget) => Made) => Made;
}

/** A socket that can be moved. */
type Mover = Pick<Socket, 'getState' | 'migrate' | 'connect'>;

/** More than this are no list of preferences, and a try that asks all of them is no try any more. */
const MOST_ENDPOINTS = 8;
/** A return that fails doubles the wait for the next one, up to this many times. */
const MOST_DOUBLINGS = 4;
/** Ends of a connection on which nothing was heard that say that its endpoint is of no use. */
const USELESS: readonly ErrorCode[] = ['CONNECTION_LOST', 'CONNECT_TIMEOUT', 'HEARTBEAT_MISSED'];

const OPTIONS = {
  hedgeAfterMs: above0(250),
  coolDownMs: above0(60_000),
  returnAfterMs: above0(60_000),
  environment: [
    null,
    (value) => typeof (value as Partial<Environment> | null)?.openWebSocket === 'function',
    'an Environment',
  ] as Field<Environment | null>,
};

/**
 * Several endpoints for one conversation. Each try dials the first; when it fails, or is not open in time, the next one, and
 * the first that opens is kept. When all have failed that is one failed try, so that delays, breaker and limits of
 * `reconnect` are what they are with one URL.
 *
 * An endpoint that takes the handshake and then closes has answered: what it says, as when to come back, counts as ever, and
 * no other endpoint is asked before. A service that is full in one place would otherwise be filled in the next; and the place
 * in its queue that a server keeps is of no use elsewhere. One that ends connections without a word is asked last.
 *
 * @param urls from the preferred one on: 1 to 8, each once, as `createSocket` takes them
 * @throws HoldfastError INVALID_OPTION
 *
 * @example
 * const servers = endpoints(['wss://eu.example/socket', 'wss://us.example/socket']);
 * const socket = servers.open((where) => createSocket({ ...where, protocol: holdfast() }));
 */
export function endpoints(urls: readonly (string | URL)[], options: EndpointsOptions = {}): Endpoints {
  const { environment, ...times } = fill('endpoints', options, OPTIONS);
  check(urls);
  const base = environment ?? browserEnvironment();
  const all: readonly Endpoint[] = urls.map((url) => ({ url: `${url}`, avoidUntil: -Infinity, openMs: 0 }));
  const failed = (endpoint: Endpoint): void => {
    endpoint.avoidUntil = base.now() + times.coolDownMs;
  };
  return Object.freeze({
    open<Made>(make: (where: EndpointsTarget) => Made): Made {
      const [where, attach] = connect(all, base, times, failed);
      const made = make(where);
      if (isMover(made)) attach(made);
      return made;
    },
  });
}

type Times = Required<Omit<EndpointsOptions, 'environment'>>;

/** The endpoints of one socket: where it is, and what brings it back. */
function connect(
  all: readonly Endpoint[],
  base: Environment,
  { hedgeAfterMs, returnAfterMs }: Times,
  failed: (endpoint: Endpoint) => void,
): readonly [EndpointsTarget, (made: Mover) => void] {
  const preferred = all[0] as Endpoint;
  /** The connections that are open. */
  const live = new Set<EndpointRace>();
  /** The last one that opened, where, and whether it was to bring the socket back. */
  let last: readonly [EndpointRace, Endpoint, isReturn: boolean] | null = null;
  let mover: Mover | null = null;
  let cancelReturn: (() => void) | null = null;
  let isReturning = false;
  /** Returns since a connection to the preferred endpoint last proved stable: to take the handshake is not enough. */
  let fruitless = 0;

  /** The place in the list of the best one that is in use; Infinity: none is. */
  function place(): number {
    return Math.min(Infinity, ...Array.from(live, ({ winner }) => all.indexOf(winner as Endpoint)));
  }

  function openWebSocket(url: string, protocols: readonly string[]): EndpointRace {
    // The current endpoint is no place to return to. It is one to dial, though, once the connection to it is lost.
    const isReturn = isReturning && live.size > 0;
    const mayDial = (asked: ReadonlySet<Endpoint>): readonly Endpoint[] => {
      const better = isReturn ? all.slice(0, place() || Infinity) : all;
      return better.filter((endpoint) => !asked.has(endpoint));
    };
    const { search } = new URL(url, webSocketUrl(preferred.url));
    const isOwn = search === new URL(webSocketUrl(preferred.url)).search;
    const host: RaceHost = {
      environment: base,
      hedgeAfterMs,
      next(asked) {
        const left = mayDial(asked);
        return left.find(({ avoidUntil }) => avoidUntil <= base.now()) ?? left[0];
      },
      hasMore: (asked) => asked.size < all.length,
      failed,
      opened(race) {
        live.add(race);
        last = [race, race.winner as Endpoint, isReturn];
        look();
      },
      ended(race) {
        live.delete(race);
        look();
      },
    };
    const urlOf = (endpoint: Endpoint): string => {
      const its = new URL(webSocketUrl(endpoint.url));
      if (!isOwn) its.search = search;
      return its.href;
    };
    return new EndpointRace(host, urlOf, protocols);
  }

  /** Sets the time of the return, or calls it off. */
  function look(): void {
    const at = place();
    if (at === 0 || at === Infinity) {
      cancelReturn?.();
      cancelReturn = null;
    } else if (mover !== null && cancelReturn === null && !isReturning && returnAfterMs < Infinity) {
      const ms = returnAfterMs * (1 + base.random()) * 2 ** Math.min(fruitless, MOST_DOUBLINGS);
      cancelReturn = base.setTimer(ms, () => void goBack());
    }
  }

  async function goBack(): Promise<void> {
    cancelReturn = null;
    // While it closes, or is on its way to another connection, nothing is to be moved.
    if (mover?.getState().phase === 'open') {
      isReturning = true;
      fruitless += 1;
      // Where it fails the connection that there is stays.
      await mover.migrate().catch(() => {});
      isReturning = false;
    }
    look();
  }

  /** The conversation that was moved had no fault: it goes on where it was, whatever the preferred endpoint says to it. */
  function resume(): void {
    const phase = mover?.getState().phase;
    if (phase === 'waiting' || phase === 'suspended') mover?.connect();
  }

  const environment: Environment = {
    now: () => base.now(),
    random: () => base.random(),
    setTimer: (ms, run) => base.setTimer(ms, run),
    randomId: () => base.randomId(),
    defer: (run) => base.defer(run),
    wallClock: () => base.wallClock(),
    nextFrame: (run) => base.nextFrame(run),
    isOnline: () => base.isOnline(),
    observe: (tell, signal) => base.observe(tell, signal),
    openWebSocket,
    record(before, event, after) {
      base.record?.(before, event, after);
      // At this step, and not at any later one: a second connection that is open proves nothing about where it leads.
      if (after.isStable && !before.isStable && after.rival === null && last !== null) {
        proved(last[1]);
        if (place() === 0) fruitless = 0;
      }
      const { failure } = after;
      // One that is being opened is judged by its race. With a second one beside it, the newest is not the one that ended.
      const isYoung = before.step !== 'opening' && !before.isStable && before.rival === null;
      if (failure === null || failure === before.failure || !isYoung || last === null) return;
      const [race, endpoint, isReturn] = last;
      if (isReturn) {
        failed(endpoint);
        base.defer(resume);
      } else if (USELESS.includes(failure.code) && !race.hasHeard) failed(endpoint);
    },
    // Left out and undefined are not the same: what is left out is the browser's.
    ...('locks' in base && { locks: base.locks }),
    ...('tabStorage' in base && { tabStorage: base.tabStorage }),
  };
  const attach = (made: Mover): void => {
    mover = made;
    look();
  };
  return [{ url: () => preferred.url, environment }, attach];
}

function check(urls: readonly (string | URL)[]): void {
  const isList = Array.isArray(urls) && urls.length > 0 && urls.length <= MOST_ENDPOINTS;
  if (!isList || new Set(urls.map(String)).size < urls.length)
    throw wrongOption('urls', `a list of 1 to ${MOST_ENDPOINTS} URLs, each once`, urls);
  for (const [index, url] of urls.entries())
    if (!isUrl(url)) throw wrongOption(`urls[${index}]`, 'a URL that starts with ws: or wss:, or a path', url);
}

function isMover(made: unknown): made is Mover {
  return isObject(made) && typeof (made as Partial<Mover>).migrate === 'function' && 'getState' in made;
}
