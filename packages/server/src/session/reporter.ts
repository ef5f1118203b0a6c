import type { Json } from '@holdfast/core/protocol';
import type { EngineApp, EventRecord } from './app.ts';
import type { EngineEnvironment } from './environment.ts';

/** Makes records for `onEvent`. */
export class Reporter {
  readonly #app: EngineApp;
  readonly #environment: EngineEnvironment;

  constructor(app: EngineApp, environment: EngineEnvironment) {
    this.#app = app;
    this.#environment = environment;
  }

  report(
    level: EventRecord['level'],
    name: string,
    message?: string,
    details?: { readonly [key: string]: Json },
    cause?: unknown,
  ): void {
    try {
      const result: unknown = this.#app.onEvent?.({
        timestamp: this.#environment.wallClock(),
        level,
        name,
        ...(message !== undefined && { message }),
        ...(details !== undefined && { details }),
        ...(cause !== undefined && { cause }),
      });
      ignoreRejection(result);
    } catch {
      // The sink of reports has failed: there is nobody left to tell.
    }
  }

  /** Reports what was thrown: by its name, since its words may quote a payload or a token, and as it is. */
  fault(name: string, fault: unknown, details?: { readonly [key: string]: Json }): void {
    this.report('error', name, fault instanceof Error ? fault.name : typeof fault, details, fault);
  }
}

/** Calls `onFault` when what an app's function gave back rejects: a function that should be sync may be async. */
export function watchRejection(result: unknown, onFault: (fault: unknown) => void): void {
  if (typeof result !== 'object' || result === null || !('then' in result) || typeof result.then !== 'function') return;
  void Promise.resolve(result).catch(onFault);
}

function ignoreRejection(result: unknown): void {
  // The sink of reports has failed: there is nobody left to tell.
  watchRejection(result, () => {});
}
