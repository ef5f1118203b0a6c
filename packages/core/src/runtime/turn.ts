import type { SessionEnvironment } from '../environment/ports.ts';

/** Gathers requests: one call of `run` at the end of this turn of the event loop, or within some milliseconds. */
export interface Turn {
  readonly request: () => void;
  readonly requestWithin: (ms: number) => void;
  readonly stop: () => void;
}

export function createTurn(environment: SessionEnvironment, run: () => void): Turn {
  let isRequested = false;
  let isStopped = false;
  /** The timer: when it is due, and for how long it was set; Infinity: there is none. */
  let dueAt = Infinity;
  let dueIn = Infinity;
  let cancel = (): void => {};

  function request(): void {
    if (isRequested || isStopped) return;
    isRequested = true;
    environment.defer(() => {
      isRequested = false;
      if (!isStopped) run();
    });
  }

  return {
    request,
    requestWithin(ms) {
      // Asked for every message: one that was set for less needs no look at the clock.
      if (isStopped || ms >= dueIn) return;
      const at = environment.now() + ms;
      if (at >= dueAt) return;
      cancel();
      dueAt = at;
      dueIn = ms;
      cancel = environment.setTimer(ms, () => {
        dueAt = dueIn = Infinity;
        request();
      });
    },
    stop() {
      isStopped = true;
      cancel();
    },
  };
}
