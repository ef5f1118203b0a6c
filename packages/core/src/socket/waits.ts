import type { State } from '../machines/connection-state.ts';
import type { Driver } from '../runtime/driver.ts';
import type { AppEvents } from './app-events.ts';
import type { ConnectionState } from './types.ts';

/** What the app asks of the connection and waits for: an open one, another one, the end. */
export interface Waits {
  readonly migrate: () => Promise<void>;
  readonly whenOpen: () => Promise<void>;
  /** Asks the machine to close, after a handover that carries what waits. */
  readonly close: (flushMs: number) => void;
  /** The machine has taken a step. */
  readonly changed: (state: State) => void;
}

export function createWaits(
  driver: Driver,
  events: Pick<AppEvents<unknown>, 'error' | 'on'>,
  getState: () => ConnectionState,
  isBusy: () => boolean,
): Waits {
  /** Who waits for the end of a move to another connection. */
  const moves = new Set<(state: State) => void>();

  /** What `whenOpen` gave last, and the word that settled it: whoever renders must get the same promise while it holds. */
  let opening: Promise<void> | null = null;
  let word: unknown = null;

  function whenOpen(): Promise<void> {
    const { phase: now, error: fault } = getState();
    if (opening !== null && (word === null || word === (fault ?? now))) return opening;
    word = null;
    opening = new Promise((resolve, reject) => {
      const check = (): boolean => {
        const { phase, error } = getState();
        const isOver = phase === 'closed' || phase === 'suspended';
        if (phase === 'open') resolve();
        else if (isOver) reject(error ?? events.error({ code: 'CLOSED', message: `the socket is ${phase}` }));
        else return false;
        word = error ?? phase;
        return true;
      };
      if (check()) return;
      const stop = events.on('state', () => check() && stop());
    });
    return opening;
  }

  return {
    whenOpen,
    async migrate() {
      // A listener may ask for it in the middle of a step, whose end is not that of the move.
      await Promise.resolve();
      const { isHandover: isMoving, connectionId } = driver.state;
      driver.dispatch({ type: 'user/migrate' });
      if (driver.state.name !== 'open' && !isMoving) {
        driver.dispatch({ type: 'user/connect', reason: 'user' });
        return whenOpen();
      }
      return new Promise((resolve, reject) => {
        const move = (state: State): void => {
          const isOpen = state.name === 'open';
          // On its way: the rival of an open connection, or the one that takes over.
          if (isOpen ? state.rival !== null : state.isHandover) return;
          moves.delete(move);
          if (isOpen && (isMoving || state.connectionId !== connectionId)) resolve();
          else reject(events.error({ code: 'CONNECT_FAILED', message: 'the conversation could not be moved' }));
        };
        moves.add(move);
      });
    },
    close(flushMs) {
      const close = (state: State): void => {
        // To the app it is open: what waits goes on the connection that takes over.
        if (flushMs > 0 && state.isHandover && isBusy()) {
          moves.add(close);
          return;
        }
        moves.delete(close);
        driver.dispatch({ type: 'user/close', flushMs, failure: null });
      };
      close(driver.state);
    },
    changed(state) {
      for (const move of [...moves]) move(state);
    },
  };
}
