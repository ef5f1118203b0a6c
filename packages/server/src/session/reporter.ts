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
  ): void {
    try {
      this.#app.onEvent?.({
        timestamp: this.#environment.wallClock(),
        level,
        name,
        ...(message !== undefined && { message }),
        ...(details !== undefined && { details }),
      });
    } catch {
      // The sink of reports has failed: there is nobody left to tell.
    }
  }

  /** Reports what was thrown, whatever it is. */
  fault(name: string, fault: unknown, details?: { readonly [key: string]: Json }): void {
    this.report('error', name, fault instanceof Error ? `${fault.name}: ${fault.message}` : String(fault), details);
  }
}
