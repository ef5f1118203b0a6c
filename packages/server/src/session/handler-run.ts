import type { MessageData, WireError } from '@holdfast/core/protocol';
import type { EngineMessage } from './app.ts';
import type { Context, Run } from './context.ts';
import { Refuse } from './errors.ts';
import type { AbortSignalLike } from './environment.ts';
import { LazyAbort } from './lazy-abort.ts';
import type { ServerSession } from './server-session.ts';
import { refusalError, wireError } from './wire-error.ts';

/** A message whose turn has come. */
export interface Job {
  readonly session: ServerSession;
  /** The producer's key, and its id within the client. */
  readonly key: string;
  readonly producerId: string;
  readonly seq: number;
  readonly data: MessageData;
  readonly redelivered: boolean;
  readonly fence: number;
  /** Whether the sender's credentials still hold. */
  mayRun(): boolean;
}

export type Outcome =
  | { readonly type: 'taken' }
  | { readonly type: 'refused'; readonly error: WireError }
  /** Aborted before it succeeded: it was not taken. */
  | { readonly type: 'abandoned' }
  /** Nobody can say: the position must be read again before anything else runs. */
  | { readonly type: 'unknown' };

/** Gives a message to the handler until that succeeds, refuses, or has failed as often as it may. Never rejects. */
export async function runHandler(job: Job, context: Context): Promise<Outcome> {
  const { environment, limits, reporter } = context;
  const abort = new LazyAbort(() => environment.createAbort());
  const run: Run = {
    session: job.session,
    abort,
    startedAt: environment.now(),
    isLate: false,
    isGivenUp: false,
    giveUp: () => {},
  };
  context.runs.add(run);
  context.deadlines.watch();
  try {
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await tryOnce(job, run, abort, context);
      if (outcome !== 'failed') return outcome;
      if (isLate(run)) return { type: 'refused', error: tooLong(limits.handlerTimeoutMs) };
      if (abort.isAborted) return { type: 'abandoned' };
      if (attempt === limits.handlerRetries) {
        return {
          type: 'refused',
          error: wireError('HANDLER_FAILED', `the server's handler failed ${attempt + 1} times: see the server's log`),
        };
      }
      await wait(limits.handlerRetryDelayMs * 2 ** attempt, abort, context);
      if (isLate(run)) return { type: 'refused', error: tooLong(limits.handlerTimeoutMs) };
      if (isAborted(abort) || !job.mayRun()) return { type: 'abandoned' };
    }
  } catch (fault) {
    // Not reachable by anything that the app does; a fault of this file must not stop the producer without a word.
    reporter.fault('engine.failed', fault);
    return { type: 'unknown' };
  } finally {
    context.runs.delete(run);
  }
}

/** A class for its getter: one in a literal is made anew for each message, and costs more than all else about it. */
class HandedMessage implements EngineMessage {
  readonly id: string;
  readonly producer: string;
  readonly seq: number;
  readonly data: MessageData;
  readonly redelivered: boolean;
  readonly identity: string;
  readonly client: string;
  readonly fence: number;
  readonly commit: EngineMessage['commit'];
  readonly #abort: LazyAbort;

  constructor(job: Job, abort: LazyAbort, commit: EngineMessage['commit']) {
    this.id = `${job.producerId}:${job.seq}`;
    this.producer = job.key;
    this.seq = job.seq;
    this.data = job.data;
    this.redelivered = job.redelivered;
    this.identity = job.session.identity;
    this.client = job.session.client;
    this.fence = job.fence;
    this.commit = commit;
    this.#abort = abort;
  }

  get signal(): AbortSignalLike {
    return this.#abort.signal;
  }
}

async function tryOnce(job: Job, run: Run, abort: LazyAbort, context: Context): Promise<Outcome | 'failed'> {
  const { app, positions, reporter } = context;
  const details = { session: job.session.id, producer: job.producerId, seq: job.seq };
  let isOver = false;
  let hasCommitted = false;
  const message = new HandedMessage(job, abort, (tx) => {
    if (positions === undefined) throw new Error('message.commit(tx) needs the option `positions` of createServer');
    if (isOver) throw new Error('message.commit(tx) was called after the handler had settled: await the transaction');
    positions.commit(tx, job.key, job.seq);
    hasCommitted = true;
  });
  try {
    const handled = app.onMessage(message, job.session);
    if (typeof handled === 'object') {
      await new Promise<void>((resolve, reject) => {
        handled.then(resolve, reject);
        run.giveUp = () => {
          // What may be committed was taken: nobody gives up on that.
          if (hasCommitted) return;
          isOver = true;
          reject(new Error('the handler did not end in time'));
        };
      });
    }
    isOver = true;
    if (positions === undefined || hasCommitted) return { type: 'taken' };
    const why = 'the handler resolved without calling message.commit(tx), which `positions` asks for';
    reporter.report('error', 'handler.failed', why, details);
    return { type: 'refused', error: wireError('HANDLER_FAILED', why) };
  } catch (fault) {
    isOver = true;
    if (hasCommitted && positions !== undefined) {
      // It failed with or after its transaction. Only the database knows which, and a second run after a commit would
      // be a double.
      try {
        const position = await positions.load(job.key);
        if (position !== null && position >= job.seq) {
          reporter.fault('handler.failed-after-commit', fault, details);
          return { type: 'taken' };
        }
      } catch (loadFault) {
        reporter.fault('positions.failed', loadFault, details);
        return { type: 'unknown' };
      }
    }
    if (fault instanceof Refuse) {
      const error = refusalError(fault, (why) =>
        reporter.report('warn', 'refusal.details-dropped', `the details of a refusal were left out: ${why}`, details),
      );
      return { type: 'refused', error };
    }
    reporter.fault('handler.failed', fault, details);
    return 'failed';
  }
}

function tooLong(ms: number): WireError {
  return wireError('HANDLER_FAILED', `the server's handler took longer than ${ms} ms`);
}

/** Resolves after `ms`, or as soon as `signal` aborts. */
function wait(ms: number, { signal }: LazyAbort, context: Context): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = context.environment.setTimer(ms, end);
    signal.addEventListener('abort', end);
  });
}

/** Read anew, like the next: the compiler takes what it saw before the wait for granted. */
function isLate(run: Run): boolean {
  return run.isLate;
}

/** Read anew: the compiler takes what it saw before the wait for granted. */
function isAborted(abort: LazyAbort): boolean {
  return abort.isAborted;
}
