import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ResumableWebSocket } from '../resumable/resumable-websocket.ts';
import { createSocket } from '../socket/create-socket.ts';
import { plain } from '../socket/protocols.ts';
import { HoldfastWebSocket } from '../websocket/holdfast-websocket.ts';
import { FakeNative } from '../websocket/world.fixture.ts';
import { connectionEnvironment } from './browser.ts';

// WebKit tells of a port that it blocks by `error` alone, and only a task later that the socket is CLOSED.

const URL = 'ws://server:1/';
let opened: Blocked[] = [];

class Blocked extends FakeNative {
  constructor(url: string, protocols: readonly string[]) {
    super(url, protocols);
    opened.push(this);
    setTimeout(() => this.fail());
  }

  fail(): void {
    this.dispatchEvent(new Event('error'));
    this.readyState = 3;
  }
}

beforeEach(() => {
  opened = [];
  vi.stubGlobal('WebSocket', Blocked);
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** What a socket tells, with the `readyState` that its listener sees. */
function toldBy(socket: WebSocket): string[] {
  const told: string[] = [];
  for (const type of ['open', 'error'] as const)
    socket.addEventListener(type, () => told.push(`${type} ${socket.readyState}`));
  socket.addEventListener('close', ({ code }) => told.push(`close ${code} ${socket.readyState}`));
  return told;
}

describe('a port that is blocked, told by `error` alone', () => {
  it('is an end of an attempt of createSocket, at once', async () => {
    const socket = createSocket({ url: URL, protocol: plain() });
    const ends: unknown[] = [];
    socket.on('close', ({ code }) => ends.push(code));
    await vi.advanceTimersByTimeAsync(2);
    expect(ends).toEqual([1006]);
    expect(socket.getState()).toMatchObject({ phase: 'waiting', attempt: 1, error: { code: 'CONNECT_FAILED' } });
    await vi.advanceTimersByTimeAsync(300);
    expect(opened.length).toBeGreaterThan(1);
    await socket.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is an end of a HoldfastWebSocket, with one error and one close, and is followed by the next attempt', async () => {
    const socket = new HoldfastWebSocket(URL);
    const told = toldBy(socket);
    await vi.advanceTimersByTimeAsync(2);
    expect(told).toEqual(['error 0', 'close 1006 0']);
    await vi.advanceTimersByTimeAsync(300);
    expect(opened.length).toBeGreaterThan(1);
    socket.close();
  });

  it('is the end of one that does not reconnect, and of one that is being closed', async () => {
    for (const isClosing of [false, true]) {
      const socket = new HoldfastWebSocket(URL, [], { reconnect: false });
      const told = toldBy(socket);
      if (isClosing) socket.close();
      await vi.advanceTimersByTimeAsync(2);
      expect(told).toEqual([`error ${isClosing ? 2 : 0}`, 'close 1006 3']);
      expect(vi.getTimerCount()).toBe(0);
    }
  });

  it('is the end of a ResumableWebSocket', async () => {
    const told = toldBy(new ResumableWebSocket(URL));
    await vi.advanceTimersByTimeAsync(2);
    expect(told).toEqual(['error 3', 'close 1006 3']);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('an error', () => {
  const open = (): { native: Blocked; ends: unknown[] } => {
    const ends: unknown[] = [];
    const socket = connectionEnvironment().openWebSocket(URL, []);
    socket.onclose = ({ code }) => ends.push(code);
    return { native: socket as unknown as Blocked, ends };
  };

  it('that a close follows has that close alone, and leaves no timer', () => {
    const { native, ends } = open();
    vi.advanceTimersToNextTimer();
    native.dispatchEvent(Object.assign(new Event('close'), { code: 1015 }));
    expect([ends, vi.getTimerCount()]).toEqual([[1015], 0]);
  });

  it('of a socket that is not CLOSED is no end', () => {
    const { native, ends } = open();
    native.fail = () => native.dispatchEvent(new Event('error'));
    vi.advanceTimersByTime(60_000);
    expect(ends).toEqual([]);
  });
});
