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
        ...(message !== undefined && { message: oneLine(message) }),
        ...(details !== undefined && { details: oneLineEach(details) }),
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

/** Longest text of a record. */
const TEXT_LENGTH = 1_024;
/** What ends a line, moves a cursor or turns the direction of writing around. */
// oxlint-disable-next-line no-control-regex -- these are what is looked for
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/**
 * Text as it may stand in a log: what a client chose (an id, an origin, a reason) can't begin a line of its own there, nor
 * hide what comes after it.
 */
function oneLine(text: string): string {
  return text.slice(0, TEXT_LENGTH).replace(UNSEEN, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function oneLineEach(details: { readonly [key: string]: Json }): { readonly [key: string]: Json } {
  return Object.fromEntries(
    Object.entries(details).map(([key, value]) => [key, typeof value === 'string' ? oneLine(value) : value]),
  );
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
