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
  let cancel: (() => void) | null = null;

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
      if (isStopped) return;
      cancel ??= environment.setTimer(ms, () => {
        cancel = null;
        request();
      });
    },
    stop() {
      isStopped = true;
      cancel?.();
      cancel = null;
    },
  };
}
