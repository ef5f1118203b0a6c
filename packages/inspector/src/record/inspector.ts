import { browserEnvironment, type Environment, type EventRecord } from '@holdfast/core';
import { isProduction } from '../is-production.ts';
import { Faults, type FaultState } from './faults.ts';
import { InspectorLog } from './log.ts';
import type { Direction, InspectableSocket } from './records.ts';
import { tapEnvironment, type Tap } from './tapped-environment.ts';

/** What a recorder is called, and how much it keeps. */
export interface InspectorOptions {
  /** What the panel calls the connection. Default `socket`. */
  readonly name?: string;
  /** False: `tap` gives the options back as they are, and nothing is recorded. Default: not in production. */
  readonly enabled?: boolean;
  /**
   * What may be seen of the messages, in the frame log: nothing (the default), all (`true`), or what the function makes of
   * a payload. It is cut off at 4,000 characters, and never in a report.
   */
  readonly payloads?: boolean | ((payload: unknown, direction: Direction) => unknown);
  /** Whether the panel has buttons that make faults. Default: not in production. */
  readonly faults?: boolean;
  /** How many frames are kept, from 1; the newest push the oldest out. Default 2,000. */
  readonly maxFrames?: number;
}

/** The options of a socket that the tap looks into. */
export interface Tappable {
  readonly environment?: Environment;
  readonly onEvent?: (record: EventRecord) => void;
}

/** Sees what one socket does, and keeps the last of it. */
export interface Inspector {
  readonly name: string;
  readonly isEnabled: boolean;
  /**
   * The options of a socket, with an environment and an `onEvent` around those given that see what goes by. For the same
   * environment it is the same one each time, so that `useSocket` finds equal options equal.
   */
  readonly tap: <Options extends object>(options: Options & Tappable) => Options;
  /** Shows this socket, too: its numbers and its outbox. Returns the function that lets go of it. */
  readonly attach: (socket: InspectableSocket) => () => void;
  /** The socket that was attached last; null: none. */
  readonly getSocket: () => InspectableSocket | null;
  /** Whether a socket was made with what `tap` gave. */
  readonly isTapped: () => boolean;
  /** Whether the panel offers them. */
  readonly hasFaults: boolean;
  /** Makes the network worse, for every socket that was made with what `tap` gave. */
  readonly faults: Faults;
  /** What it has seen, for the panel: its shape may be another one in any release. */
  readonly log: InspectorLog;
}

const MAX_FRAMES = 2_000;

function inWords(fault: boolean | number): string {
  if (typeof fault === 'number' && fault > 0) return `${fault} ms each way`;
  return fault ? 'on' : 'over';
}

/** What the records call them. */
const FAULT_NAMES = { isRefusing: 'refuse', isSilent: 'silence', delayMs: 'delay', isOffline: 'offline' } as const;

/**
 * An inspector for one socket. Making it starts nothing and touches no global.
 *
 * @example
 * const inspector = createInspector();
 * const socket = createSocket(inspector.tap({ url: '/socket', protocol: holdfast() }));
 */
export function createInspector(options: InspectorOptions = {}): Inspector {
  const { payloads = false, name = 'socket', enabled = !isProduction(), maxFrames = MAX_FRAMES } = options;
  const hasFaults = enabled && (options.faults ?? !isProduction());
  if (!(Number.isInteger(maxFrames) && maxFrames >= 1)) {
    throw new RangeError('createInspector: maxFrames must be a whole number from 1');
  }
  const log = new InspectorLog(maxFrames);
  const everything = (payload: unknown): unknown => payload;
  const show = payloads === true ? everything : payloads || null;
  const known = new WeakMap<Environment, Environment>();
  /** Those that something listens on: an environment that nobody uses is forgotten. */
  const taps = new Set<Tap>();
  const faults = new Faults(
    (before, after) => {
      for (const key of Object.keys(FAULT_NAMES) as (keyof FaultState)[]) {
        if (after[key] !== before[key]) log.fault(FAULT_NAMES[key], inWords(after[key]));
      }
      for (const tap of taps) tap.faultsChanged(before, after);
    },
    () => {
      log.fault('cut', 'every connection');
      for (const tap of taps) tap.cut();
    },
  );
  let browser: Environment | null = null;
  let socket: InspectableSocket | null = null;
  let isTapped = false;

  function environment(given: Environment | undefined): Environment {
    const base = given ?? (browser ??= browserEnvironment());
    const before = known.get(base);
    if (before !== undefined) return before;
    const tap = tapEnvironment(base, {
      log,
      show,
      faults: () => faults.state,
      onUse(used, isUsed) {
        isTapped = true;
        if (isUsed) taps.add(used);
        else taps.delete(used);
      },
    });
    known.set(base, tap.environment);
    // One that was tapped and is given again is not tapped twice.
    known.set(tap.environment, tap.environment);
    return tap.environment;
  }

  return {
    name,
    isEnabled: enabled,
    hasFaults,
    log,
    faults,
    isTapped: () => isTapped,
    getSocket: () => socket,
    tap(given) {
      if (!enabled) return given;
      const { onEvent } = given;
      return {
        ...given,
        environment: environment(given.environment),
        onEvent: (record: EventRecord) => {
          log.events.push(record);
          log.changed();
          onEvent?.(record);
        },
      };
    },
    attach(attached) {
      socket = attached;
      let last: unknown = null;
      const look = (): void => {
        const state = attached.getState();
        const { rttMs } = attached.getStats();
        // What a tap sees, it sees better.
        if (!isTapped) {
          if (state !== last) {
            const { since, phase, reason, attempt, retryAt, error } = state;
            // A socket that follows another may have been like this before that one ended.
            const at = Math.max(since, log.states.last?.at ?? since);
            log.state({ at, phase, reason, attempt, retryAt, code: error?.code ?? null });
            last = state;
          }
          if (rttMs !== null && rttMs !== log.roundTrips.last?.ms) log.roundTrips.push({ at: Date.now(), ms: rttMs });
        }
        log.changed();
      };
      const stop = attached.subscribe(look);
      look();
      return () => {
        stop();
        if (socket === attached) socket = null;
        log.changed();
      };
    },
  };
}
