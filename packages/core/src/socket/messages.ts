import { Queue } from '../lib/queue.ts';
import { HoldfastError } from '../lib/errors.ts';
import type { ConnectionState } from './types.ts';
import { wrongOption } from './wrong-option.ts';

/** How `socket.messages()` buffers what its reader has not taken yet. */
export interface MessagesOptions<Incoming> {
  /** Ends the iteration: what is buffered is thrown away and `next()` rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Most messages that wait for the reader; at least 1. Default 1,024. Each costs the memory that it takes. */
  readonly buffer?: number;
  /**
   * What happens to a message that finds the buffer full. `error` (the default): the iteration ends with
   * BUFFER_OVERFLOW once the reader has had what is buffered. `drop-oldest`, `drop-newest`: one is dropped, and `onDrop` told.
   */
  readonly overflow?: 'error' | 'drop-oldest' | 'drop-newest';
  /** Hears of each message that was dropped, and how many there were so far. */
  readonly onDrop?: (message: Incoming, dropped: number) => void;
}

/** The part of a `Socket` that is read from. */
export interface MessageSource<Incoming> {
  on(type: 'message', listener: (message: Incoming) => void): () => void;
  on(type: 'closed', listener: () => void): () => void;
  getState(): Pick<ConnectionState, 'phase'>;
}

/**
 * The messages of a socket for `for await`. They are buffered from this call on, not from the first `next()`, and each
 * iterator gets all of them. Leaving the loop stops it. When the socket is closed, what is buffered is handed over before
 * the iteration ends; a connection that is lost or suspended ends nothing. Calls of `next()` may overlap: they are
 * answered in their order. One that is neither read, returned nor aborted buffers until it overflows.
 * @throws HoldfastError INVALID_OPTION
 */
export function messages<Incoming>(
  source: MessageSource<Incoming>,
  options: MessagesOptions<Incoming> = {},
): AsyncIterableIterator<Incoming, undefined> {
  const { signal, buffer = 1_024, overflow = 'error', onDrop } = options;
  if (!(buffer >= 1)) throw wrong('buffer', 'a number from 1', buffer);
  if (!OVERFLOWS.includes(overflow)) throw wrong('overflow', `one of ${OVERFLOWS.join(', ')}`, overflow);

  const buffered = new Queue<Incoming>();
  const readers = new Queue<Reader<Incoming>>();
  let dropped = 0;
  let isOver = false;
  /** What the reader is told once, after all that is buffered. */
  let fault: { readonly reason: unknown } | null = null;

  const serve = (): void => {
    while (readers.length > 0 && (buffered.length > 0 || isOver)) {
      const { resolve, reject } = readers.shift() as Reader<Incoming>;
      if (buffered.length > 0) {
        resolve({ value: buffered.shift() as Incoming, done: false });
      } else if (fault !== null) {
        reject(fault.reason);
        fault = null;
      } else {
        resolve({ value: undefined, done: true });
      }
    }
  };
  const end = (reason: typeof fault): void => {
    if (isOver) return;
    isOver = true;
    fault = reason;
    stopMessages();
    stopClosed();
    signal?.removeEventListener('abort', abort);
    serve();
  };
  const abort = (): void => {
    buffered.clear();
    end({ reason: signal?.reason });
  };
  const receive = (message: Incoming): void => {
    if (buffered.length < buffer) {
      buffered.push(message);
      serve();
      return;
    }
    if (overflow === 'error') {
      const words = `${buffer} messages wait for their reader: read faster or raise buffer`;
      end({ reason: new HoldfastError({ code: 'BUFFER_OVERFLOW', message: words }, Date.now()) });
      return;
    }
    const lost = overflow === 'drop-oldest' ? (buffered.shift() as Incoming) : message;
    if (overflow === 'drop-oldest') buffered.push(message);
    dropped += 1;
    onDrop?.(lost, dropped);
  };

  const stopMessages = source.on('message', receive);
  const stopClosed = source.on('closed', () => end(null));
  signal?.addEventListener('abort', abort);
  if (signal?.aborted === true) abort();
  // The word was said before this call, and is not said again.
  if (source.getState().phase === 'closed') end(null);

  return {
    next: () =>
      new Promise((resolve, reject) => {
        // An end by itself has left the rest to be read: the reader may still be told to stop.
        if (signal?.aborted === true) buffered.clear();
        readers.push({ resolve, reject });
        serve();
      }),
    return() {
      buffered.clear();
      end(null);
      fault = null;
      return Promise.resolve({ value: undefined, done: true });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

interface Reader<Incoming> {
  readonly resolve: (result: IteratorResult<Incoming, undefined>) => void;
  readonly reject: (reason: unknown) => void;
}

const OVERFLOWS = ['error', 'drop-oldest', 'drop-newest'];

function wrong(option: string, shape: string, given: unknown): HoldfastError {
  return wrongOption(option, shape, given, `messages({ ${option} })`);
}
