import { HoldfastError, type Failure } from '../lib/errors.ts';
import type { Entry } from '../machines/producer-log.ts';
import type { Receipt, ReceiptStatus } from './types.ts';

/** A promise that is made when it is read, and never an unhandled rejection. */
class Outcome {
  #promise: Promise<void> | null = null;
  #resolve: (() => void) | null = null;
  #reject: ((error: HoldfastError) => void) | null = null;
  /** `undefined`: open. `null`: success. */
  #result: HoldfastError | null | undefined = undefined;

  read(): Promise<void> {
    if (this.#promise === null) {
      this.#promise = new Promise((resolve, reject) => {
        this.#resolve = resolve;
        this.#reject = reject;
      });
      // Whoever reads it may await it or not: a rejection that nobody awaits is no accident here.
      this.#promise.catch(() => {});
      if (this.#result !== undefined) this.#end();
    }
    return this.#promise;
  }

  settle(result: HoldfastError | null): void {
    if (this.#result !== undefined) return;
    this.#result = result;
    this.#end();
  }

  #end(): void {
    if (this.#result === null) this.#resolve?.();
    else if (this.#result !== undefined) this.#reject?.(this.#result);
  }
}

/** A receipt as the socket writes it and the app reads it. */
export class MessageReceipt implements Receipt {
  readonly id: string;
  isStored = false;
  #status: ReceiptStatus = 'queued';
  #error: HoldfastError | null = null;
  readonly #entry: Entry | null;
  readonly #onWantStored: () => void;
  readonly #stored = new Outcome();
  readonly #delivered = new Outcome();

  constructor(id: string, entry: Entry | null, onWantStored: () => void) {
    this.id = id;
    this.#entry = entry;
    this.#onWantStored = onWantStored;
  }

  get status(): ReceiptStatus {
    if (this.#status === 'queued' && this.#entry?.status === 'inFlight') return 'inFlight';
    return this.#status;
  }

  get error(): HoldfastError | null {
    return this.#error;
  }

  get stored(): Promise<void> {
    if (!this.isStored && this.#status === 'queued') this.#onWantStored();
    return this.#stored.read();
  }

  get delivered(): Promise<void> {
    return this.#delivered.read();
  }

  markStored(): void {
    this.isStored = true;
    this.#stored.settle(null);
  }

  /** Nothing is stored from here on. */
  endStorage(error: HoldfastError): void {
    this.#stored.settle(error);
  }

  settle(error: HoldfastError | null, canStore: boolean): void {
    this.#status = error === null ? 'delivered' : 'failed';
    this.#error = error;
    // Delivered is more than stored, but a memory outbox promises nothing of the kind.
    if (error !== null || canStore) this.#stored.settle(error);
    this.#delivered.settle(error);
  }
}

export function toError(failure: Failure, timestamp: number): HoldfastError {
  const { cause } = failure;
  return isFailure(cause)
    ? new HoldfastError({ ...failure, cause: toError(cause, timestamp) }, timestamp)
    : new HoldfastError(failure, timestamp);
}

/** A failure that led to another one is plain data until it reaches the app. */
function isFailure(cause: unknown): cause is Failure {
  return (
    typeof cause === 'object' && cause !== null && !(cause instanceof Error) && 'code' in cause && 'message' in cause
  );
}
