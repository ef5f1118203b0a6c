import { importSource } from '../lib/from-source.mjs';
import { formulas } from './formulas.mjs';

/**
 * One client that was connected for long and loses its connection at time 0.
 *
 * @typedef {object} Client
 * @property {(now: number, refusal: string | null) => number | null} ended the connection was lost, or a try failed;
 *   `refusal`: the reason of the close frame, when the server closed it with 1013 after the upgrade. Gives the
 *   milliseconds to the next try, null: there is none.
 * @property {() => string | undefined} slot the place in the server's queue that it names at its next try
 *
 * @typedef {object} Kind
 * @property {string} name
 * @property {string} says how it waits
 * @property {string} source
 * @property {(random: () => number) => Client} create
 */

/** Holdfast, by its own connection machine and its own defaults. @returns {Promise<Kind & { admission: any }>} */
export async function holdfastKind() {
  const source = await importSource(
    'simulated',
    `export { initialState } from './packages/core/src/machines/connection-steps.ts';
     export { transition } from './packages/core/src/machines/connection.ts';
     export { checkOptions } from './packages/core/src/socket/options.ts';
     export { readCloseReason } from './packages/core/src/protocol/close-reason.ts';
     export { closeReason } from './packages/server/src/session/close-reason.ts';
     export { Admission } from './packages/server/src/session/admission.ts';`,
  );
  const { initialState, transition, checkOptions, readCloseReason } = source;
  const environment = {
    openWebSocket() {
      throw new Error('nothing is opened in a simulation');
    },
  };
  const options = checkOptions({ url: 'ws://localhost', environment }).connection;
  const { jitter, initialDelayMs, factor, maxDelayMs } = options;

  /** @param {() => number} random @returns {Client} */
  function create(random) {
    let state = initialState(-60_000, false);
    let slot;
    // What the machine orders, and nothing of its state, says how it goes on.
    let connectionId = 0;
    let retryMs = null;
    /** @param {number} now @param {any} event */
    function tell(now, event) {
      const [next, effects] = transition(state, event, { now, random: random() }, options);
      state = next;
      for (const effect of effects) {
        if (effect.type === 'link/connect') connectionId = effect.connectionId;
        if (effect.type === 'timer/set' && effect.timer === 'retry') retryMs = effect.ms;
      }
      return effects;
    }
    /** A conversation with a plain server begins as soon as the socket is open. @param {number} now */
    function open(now) {
      tell(now, { type: 'link/opened', connectionId });
      tell(now, { type: 'link/welcomed', connectionId, heartbeat: null });
      const effects = tell(now, { type: 'link/prepared', connectionId });
      if (!effects.some(({ type }) => type === 'flow/start')) throw new Error(`it did not open: ${state.name}`);
    }
    tell(-60_000, { type: 'user/connect', reason: 'start' });
    open(-60_000);
    tell(-50_000, { type: 'timer/stable', connectionId });
    return {
      ended(now, refusal) {
        if (retryMs !== null) {
          const effects = tell(now, { type: 'timer/retry', connectionId });
          if (!effects.some(({ type }) => type === 'link/connect')) throw new Error(`it did not try: ${state.name}`);
        }
        if (refusal !== null) open(now);
        const said = readCloseReason(refusal ?? '');
        slot = said.slot ?? undefined;
        retryMs = null;
        const effects = tell(now, {
          type: 'link/closed',
          connectionId,
          code: refusal === null ? 1006 : 1013,
          reason: refusal ?? '',
          wasClean: refusal !== null,
          retryAfterMs: said.retryAfterMs,
          hasSlot: said.slot !== null,
        });
        if (retryMs === null && !effects.some(({ type }) => type === 'tell/error')) {
          throw new Error(`it neither waits nor gives up: ${state.name}`);
        }
        return retryMs;
      },
      slot: () => slot,
    };
  }

  return {
    name: 'Holdfast',
    says: `${jitter} jitter, ${initialDelayMs} ms x ${factor}^n, at most ${maxDelayMs} ms`,
    source: 'packages/core/src/machines/connection.ts',
    create,
    admission: { Admission: source.Admission, closeReason: source.closeReason },
  };
}

/** The peers, by the formulas of their sources. @returns {readonly Kind[]} */
export function peerKinds() {
  return formulas.map(({ name, says, source, delays }) => ({
    name,
    says,
    source,
    create(random) {
      const delay = delays(random);
      let attempt = 0;
      return {
        ended: (_now, refusal) => delay((attempt += 1), refusal !== null),
        slot: () => undefined,
      };
    },
  }));
}
