import type { AbortHandle, AbortSignalLike } from './environment.ts';

/** An abort whose signal is made when somebody asks for it: making one costs more than all else about a message. */
export class LazyAbort implements AbortHandle {
  readonly #create: () => AbortHandle;
  #handle: AbortHandle | undefined;
  #isAborted = false;
  #reason: unknown;

  constructor(create: () => AbortHandle) {
    this.#create = create;
  }

  get isAborted(): boolean {
    return this.#isAborted;
  }

  get signal(): AbortSignalLike {
    if (this.#handle === undefined) {
      this.#handle = this.#create();
      if (this.#isAborted) this.#handle.abort(this.#reason);
    }
    return this.#handle.signal;
  }

  abort(reason?: unknown): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    this.#reason = reason;
    this.#handle?.abort(reason);
  }
}
