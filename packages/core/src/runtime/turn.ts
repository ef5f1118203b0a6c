import type { Environment } from '../environment/ports.ts';

/** Gathers requests: one call of `run` at the end of this turn of the event loop, or within some milliseconds. */
export class Turn {
  readonly #environment: Environment;
  readonly #run: () => void;
  #isRequested = false;
  #isStopped = false;
  #cancel: (() => void) | null = null;

  constructor(environment: Environment, run: () => void) {
    this.#environment = environment;
    this.#run = run;
  }

  request(): void {
    if (this.#isRequested || this.#isStopped) return;
    this.#isRequested = true;
    this.#environment.defer(() => {
      this.#isRequested = false;
      if (!this.#isStopped) this.#run();
    });
  }

  requestWithin(ms: number): void {
    if (this.#isStopped) return;
    this.#cancel ??= this.#environment.setTimer(ms, () => {
      this.#cancel = null;
      this.request();
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
    this.#cancel = null;
  }
}
