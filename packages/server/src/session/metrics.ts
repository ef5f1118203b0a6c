import type { Json } from '@holdfast/core/protocol';
import type { EngineEnvironment } from './environment.ts';
import type { Reporter } from './reporter.ts';

/** Everything that stops somebody, by the option that decides it. */
const LIMITS = [
  'admission',
  'allowedOrigins',
  'authenticateTimeoutMs',
  'authentications',
  'bufferedBytes',
  'connections.perAddress',
  'connections.total',
  'connections.unwelcomed',
  'connectsPerMinute.perAddress',
  'connectsPerMinute.perClient',
  'framesPerSecond',
  'handlerTimeoutMs',
  'heartbeat',
  'helloTimeoutMs',
  'messageBytes',
  'messagesPerSecond',
  'producers',
  'producersPerIdentity',
  'producersTotal',
  'reauthMs',
  'sessions',
  'sessionsPerIdentity',
  'welcomeTimeoutMs',
] as const;

export type LimitName = (typeof LIMITS)[number];

/** Of one limit at most one record comes in this time: who runs into it as fast as he can shall not fill the logs. */
const REPORT_EVERY_MS = 1_000;

interface Reached {
  times: number;
  /** Of these, how many a record has told. */
  told: number;
  toldAt: number;
}

/** How often each limit has stopped somebody: counted always, told in records at a bounded rate. */
export class LimitCounts {
  readonly #environment: EngineEnvironment;
  readonly #reporter: Reporter;
  readonly #reached: { readonly [Name in LimitName]: Reached };

  constructor(environment: EngineEnvironment, reporter: Reporter) {
    this.#environment = environment;
    this.#reporter = reporter;
    this.#reached = Object.fromEntries(
      LIMITS.map((name) => [name, { times: 0, told: 0, toldAt: Number.NEGATIVE_INFINITY }]),
    ) as { [Name in LimitName]: Reached };
  }

  /** `limit` has stopped somebody. */
  reached(limit: LimitName, details: { readonly [key: string]: Json } = {}): void {
    const reached = this.#reached[limit];
    reached.times += 1;
    const now = this.#environment.now();
    if (now - reached.toldAt < REPORT_EVERY_MS) return;
    const times = reached.times - reached.told;
    reached.told = reached.times;
    reached.toldAt = now;
    this.#reporter.report('warn', 'limit.reached', limit, { limit, times, ...details });
  }

  all(): { readonly [Name in LimitName]: number } {
    return Object.fromEntries(LIMITS.map((name) => [name, this.#reached[name].times])) as {
      [Name in LimitName]: number;
    };
  }
}
