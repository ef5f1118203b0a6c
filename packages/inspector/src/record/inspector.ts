import { browserEnvironment, type Environment, type EventRecord } from '@holdfast/core';
import { isProduction } from '../is-production.ts';
import { InspectorLog } from './log.ts';
import type { InspectableSocket } from './records.ts';
import { tapEnvironment } from './tapped-environment.ts';

/** What a recorder is called, and how much it keeps. */
export interface InspectorOptions {
  /** What the panel calls the connection. Default `socket`. */
  readonly name?: string;
  /** False: `tap` gives the options back as they are, and nothing is recorded. Default: not in production. */
  readonly enabled?: boolean;
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
  /** What it has seen, for the panel: its shape may be another one in any release. */
  readonly log: InspectorLog;
}

const MAX_FRAMES = 2_000;

/**
 * An inspector for one socket. Making it starts nothing and touches no global.
 *
 * @example
 * const inspector = createInspector();
 * const socket = createSocket(inspector.tap({ url: '/socket', protocol: holdfast() }));
 */
export function createInspector(options: InspectorOptions = {}): Inspector {
  const { name = 'socket', enabled = !isProduction(), maxFrames = MAX_FRAMES } = options;
  if (!(Number.isInteger(maxFrames) && maxFrames >= 1)) {
    throw new RangeError('createInspector: maxFrames must be a whole number from 1');
  }
  const log = new InspectorLog(maxFrames);
  const tapped = new WeakMap<Environment, Environment>();
  let browser: Environment | null = null;
  let socket: InspectableSocket | null = null;
  let isTapped = false;

  function environment(given: Environment | undefined): Environment {
    const base = given ?? (browser ??= browserEnvironment());
    let known = tapped.get(base);
    if (known === undefined) {
      known = tapEnvironment(base, log, () => {
        isTapped = true;
      });
      tapped.set(base, known);
      // One that was tapped and is given again is not tapped twice.
      tapped.set(known, known);
    }
    return known;
  }

  return {
    name,
    isEnabled: enabled,
    log,
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
      let known: unknown = null;
      const look = (): void => {
        const { since, phase, reason, attempt, retryAt, error } = attached.getState();
        const { rttMs } = attached.getStats();
        // What a tap sees, it sees better.
        if (!isTapped) {
          const state = attached.getState();
          if (state !== known) {
            log.state({ at: since, phase, reason, attempt, retryAt, code: error?.code ?? null });
            known = state;
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
