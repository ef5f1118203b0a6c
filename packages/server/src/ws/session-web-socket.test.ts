import { afterEach, describe, expect, test } from 'vitest';
import type { Session } from '../session/app.ts';
import { SessionWebSocket, type SessionEars } from './session-web-socket.ts';
import type { RawData } from './types.ts';

/** A connection on a session that is not there. */
class World {
  readonly sent: unknown[] = [];
  readonly closes: number[] = [];
  readonly timers = new Set<() => void>();
  readonly told: string[] = [];
  readonly socket: SessionWebSocket;
  ears!: SessionEars;

  constructor() {
    const session = {
      keptBytes: 0,
      send: (data: unknown) => this.sent.push(data),
      close: () => {
        this.closes.push(1);
        this.ears.ended();
      },
    } as unknown as Session;
    this.socket = new SessionWebSocket(
      {
        session,
        protocol: '',
        closeTimeoutMs: 1_000,
        maxBufferedBytes: 10,
        setTimer: (_ms, run) => {
          this.timers.add(run);
          return () => void this.timers.delete(run);
        },
      },
      (ears) => {
        this.ears = ears;
      },
    );
    this.socket.on('message', (data: RawData) => this.told.push((data as Buffer).toString()));
    this.socket.on('close', (code) => this.told.push(`close ${code}`));
  }
}

const ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** What nobody catches, instead of the end of the process. */
function uncaught(): string[] {
  const caught: string[] = [];
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', ({ message }) => caught.push(message));
  ends.push(() => {
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
  });
  return caught;
}

function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

describe('SessionWebSocket', () => {
  test('what is left when a listener pauses again counts against the bound', () => {
    const world = new World();
    const { socket, ears } = world;
    socket.pause();
    for (const text of ['aaaa', 'bbbb']) ears.message(text);
    socket.once('message', () => socket.pause());
    socket.resume();
    expect([world.told, socket.isPaused]).toEqual([['aaaa'], true]);
    ears.message('cccc');
    expect(world.closes).toEqual([]);
    ears.message('dddd');
    expect(world.closes).toEqual([1]);
  });

  test('what came before the end is told before the end, paused or not', async () => {
    const world = new World();
    const { socket, ears } = world;
    socket.pause();
    ears.message('a');
    ears.ended();
    await turn();
    socket.resume();
    expect([world.told, world.timers.size]).toEqual([['a', 'close 1006'], 0]);
  });

  test('a close that came before the end gives its code, and leaves no timer', async () => {
    const world = new World();
    const { socket, ears } = world;
    socket.pause();
    ears.close({ kind: 'close', code: 4001, reason: 'bye' });
    ears.ended();
    await turn();
    expect([world.told, world.timers.size]).toEqual([['close 4001'], 0]);
  });

  test('what a callback of send throws is uncaught, and holds nothing up', async () => {
    const caught = uncaught();
    const world = new World();
    const { socket, ears } = world;
    const done: string[] = [];
    const fail = (name: string) => () => {
      done.push(name);
      throw new Error(name);
    };
    socket.send('a', fail('a'));
    socket.send('b', fail('b'));
    socket.send('c', fail('c'));
    socket.send('d', fail('d'));
    ears.written(2);
    ears.ended();
    await turn();
    expect([done, caught, world.told]).toEqual([['a', 'b', 'c', 'd'], ['a', 'b', 'c', 'd'], ['close 1006']]);
  });
});
