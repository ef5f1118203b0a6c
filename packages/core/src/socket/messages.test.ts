import { describe, expect, it } from 'vitest';
import { Emitter } from '../lib/emitter.ts';
import type { HoldfastError } from '../lib/errors.ts';
import { messages, type MessagesOptions, type MessageSource } from './messages.ts';
import { unhandledRejections, World } from './socket.fixture.ts';
import { plain } from './protocols.ts';

/** A socket as far as its readers see it. */
class Source implements MessageSource<number> {
  readonly #emitter = new Emitter<{ message: number; closed: undefined }>((fault) => this.faults.push(fault));
  readonly faults: unknown[] = [];
  phase: 'open' | 'suspended' | 'closed' = 'open';

  on: MessageSource<number>['on'] = (type: 'message' | 'closed', listener: (message: number) => void) =>
    this.#emitter.on(type, listener as () => void);
  getState = (): { phase: 'open' | 'suspended' | 'closed' } => ({ phase: this.phase });

  receive(...numbers: number[]): void {
    for (const number of numbers) this.#emitter.emit('message', number);
  }

  close(): void {
    this.phase = 'closed';
    this.#emitter.emit('closed', undefined);
  }

  get listeners(): number {
    return this.#emitter.count('message') + this.#emitter.count('closed');
  }
}

function reading(options: MessagesOptions<number> = {}): {
  source: Source;
  iterator: AsyncIterableIterator<number, undefined>;
} {
  const source = new Source();
  return { source, iterator: messages(source, options) };
}

/** Reads to the end: what came, and how it ended. */
async function all(iterator: AsyncIterable<number>): Promise<unknown[]> {
  const read: unknown[] = [];
  try {
    for await (const number of iterator) read.push(number);
  } catch (fault) {
    read.push((fault as HoldfastError).code ?? fault);
  }
  return read;
}

const value = (number: number): object => ({ value: number, done: false });
const DONE = { value: undefined, done: true };

describe('messages', () => {
  it('hands over what came since the call, in order, and ends with the socket', async () => {
    const { source, iterator } = reading();
    source.receive(1, 2);
    const read = all(iterator);
    await Promise.resolve();
    source.receive(3);
    source.close();
    expect(await read).toEqual([1, 2, 3]);
    expect([await iterator.next(), source.listeners]).toEqual([DONE, 0]);
  });

  it('drains what is buffered after the socket has closed', async () => {
    const { source, iterator } = reading();
    source.receive(1, 2);
    source.close();
    expect(await all(iterator)).toEqual([1, 2]);
  });

  it('ends at once on a socket that was closed before', async () => {
    const source = new Source();
    source.phase = 'closed';
    expect(await all(messages(source))).toEqual([]);
    expect(source.listeners).toBe(0);
  });

  it('goes on over a connection that is suspended', async () => {
    const { source, iterator } = reading();
    source.phase = 'suspended';
    const first = iterator.next();
    source.receive(1);
    expect(await first).toEqual(value(1));
  });

  it('answers overlapping calls of next in their order', async () => {
    const { source, iterator } = reading();
    const calls = Promise.all([iterator.next(), iterator.next(), iterator.next(), iterator.next()]);
    source.receive(1, 2);
    source.close();
    expect(await calls).toEqual([value(1), value(2), DONE, DONE]);
  });

  it('gives each reader everything', async () => {
    const { source, iterator } = reading();
    source.receive(1);
    const late = messages(source);
    source.receive(2);
    await iterator.return?.();
    source.receive(3);
    source.close();
    expect([await all(iterator), await all(late)]).toEqual([[], [2, 3]]);
  });

  it('lets go when the loop is left, and answers who still waits', async () => {
    const { source, iterator } = reading();
    source.receive(1, 2);
    for await (const number of iterator) if (number === 1) break;
    expect([source.listeners, await iterator.next()]).toEqual([0, DONE]);
    const other = messages(source);
    const waiting = other.next();
    expect([await other.return?.(), await waiting]).toEqual([DONE, DONE]);
  });

  it('reads a real socket', async () => {
    const world = new World({ protocol: plain() });
    await world.accept();
    const iterator = messages(world.socket);
    world.wire.receiveRaw('{"a":1}');
    const second = iterator.next().then(() => iterator.next());
    await world.socket.close();
    expect([await second, await messages(world.socket).next()]).toEqual([DONE, DONE]);
  });
});

describe('a signal', () => {
  it('throws its reason, and what is buffered away', async () => {
    const controller = new AbortController();
    const { source, iterator } = reading({ signal: controller.signal });
    source.receive(1);
    controller.abort('enough');
    source.receive(2);
    expect(await all(iterator)).toEqual(['enough']);
    expect([await iterator.next(), source.listeners]).toEqual([DONE, 0]);
  });

  it('rejects the first who waits; the others are at the end', async () => {
    const controller = new AbortController();
    const { iterator } = reading({ signal: controller.signal });
    const calls = Promise.allSettled([iterator.next(), iterator.next()]);
    controller.abort('enough');
    expect(await calls).toEqual([
      { status: 'rejected', reason: 'enough' },
      { status: 'fulfilled', value: DONE },
    ]);
  });

  it('that was aborted before ends it at the first next', async () => {
    const { source, iterator } = reading({ signal: AbortSignal.abort('enough') });
    expect([await all(iterator), source.listeners]).toEqual([['enough'], 0]);
  });

  it('stops the reading of what a closed socket has left', async () => {
    const controller = new AbortController();
    const { source, iterator } = reading({ signal: controller.signal });
    source.receive(1, 2);
    source.close();
    expect(await iterator.next()).toEqual(value(1));
    controller.abort();
    expect(await iterator.next()).toEqual(DONE);
  });

  it('is no unhandled rejection where nobody reads', async () => {
    const controller = new AbortController();
    reading({ signal: controller.signal });
    expect(await unhandledRejections(async () => controller.abort())).toEqual([]);
  });
});

describe('a full buffer', () => {
  it('ends the iteration with BUFFER_OVERFLOW after what is buffered', async () => {
    const { source, iterator } = reading({ buffer: 2 });
    source.receive(1, 2, 3, 4);
    expect(source.listeners).toBe(0);
    expect(await all(iterator)).toEqual([1, 2, 'BUFFER_OVERFLOW']);
    expect(await iterator.next()).toEqual(DONE);
  });

  it('holds 1,024 by default', async () => {
    const { source, iterator } = reading();
    source.receive(...Array.from({ length: 1_025 }, (_, number) => number));
    const read = await all(iterator);
    expect([read.length, read.at(-1)]).toEqual([1_025, 'BUFFER_OVERFLOW']);
  });

  it('counts only what nobody waits for', async () => {
    const { source, iterator } = reading({ buffer: 1 });
    const calls = Promise.all([iterator.next(), iterator.next()]);
    source.receive(1, 2, 3);
    source.close();
    expect([await calls, await all(iterator)]).toEqual([[value(1), value(2)], [3]]);
  });

  it.each([
    ['drop-oldest', [3, 4], [1, 2]],
    ['drop-newest', [1, 2], [3, 4]],
  ] as const)('with %s tells of each message that it drops', async (overflow, kept, lost) => {
    const drops: number[][] = [];
    const { source, iterator } = reading({ buffer: 2, overflow, onDrop: (...drop) => drops.push(drop) });
    source.receive(1, 2, 3, 4);
    source.close();
    expect(await all(iterator)).toEqual(kept);
    expect(drops).toEqual(lost.map((number, index) => [number, index + 1]));
  });

  it('keeps its order when onDrop throws, and the socket hears of it', async () => {
    const fault = new Error('mine');
    const { source, iterator } = reading({
      buffer: 1,
      overflow: 'drop-oldest',
      onDrop: () => {
        throw fault;
      },
    });
    source.receive(1, 2);
    source.close();
    expect([await all(iterator), source.faults]).toEqual([[2], [fault]]);
  });
});

it.each([
  [{ buffer: 0 }, /buffer/],
  [{ buffer: Number.NaN }, /buffer/],
  [{ overflow: 'drop' as never }, /overflow.*drop-oldest/],
])('refuses %j', (options, message) => {
  const source = new Source();
  expect(() => messages(source, options)).toThrow(message);
  expect(source.listeners).toBe(0);
});
