import { afterEach, expect, inject, it } from 'vitest';
import { HoldfastWebSocket } from './holdfast-websocket.ts';
import type { HoldfastWebSocketOptions, UrlSource } from './options.ts';
import { next, reported } from './requirement.fixture.ts';

const made: HoldfastWebSocket[] = [];

function create(path: string | UrlSource, options: HoldfastWebSocketOptions = {}): HoldfastWebSocket {
  const url = typeof path === 'string' ? `ws://${inject('webSocketServer')}${path}` : path;
  const socket = new HoldfastWebSocket(url, [], { minReconnectionDelay: 10, ...options });
  made.push(socket);
  return socket;
}

afterEach(() => {
  for (const socket of made.splice(0)) socket.close();
});

it('opens again after a cut, and sends what waited', async () => {
  const paths = ['/cut', '/echo'];
  const socket = create(async () => `ws://${inject('webSocketServer')}${paths.shift() ?? '/echo'}`);
  socket.binaryType = 'arraybuffer';
  await next(socket, 'open');
  socket.send('now');
  const { code, wasClean } = await next(socket, 'close');
  expect([code, wasClean, socket.readyState]).toEqual([1006, false, 0]);
  socket.send('é');
  socket.send(new Uint8Array([1, 2, 3]).subarray(1));
  expect(socket.bufferedAmount).toBe(4);
  expect((await next(socket, 'message')).data).toBe('é');
  expect([...new Uint8Array((await next(socket, 'message')).data as ArrayBuffer)]).toEqual([2, 3]);
  expect(socket.bufferedAmount).toBe(0);
});

it('keeps while it connects what the browser would send, and refuses what it would refuse', async () => {
  const socket = create('/echo');
  socket.binaryType = 'arraybuffer';
  const detached = new Uint8Array(8);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  expect(() => socket.send(new Uint8Array(buffer))).toThrow(TypeError);
  expect(socket.bufferedAmount).toBe(0);
  socket.send(detached);
  socket.send(detached.buffer);
  socket.send(new Blob(['xyz']));
  for (const size of [0, 0, 3]) {
    expect(((await next(socket, 'message')).data as ArrayBuffer).byteLength).toBe(size);
  }
});

it('keeps buffers, views and Blobs of another frame as what they are', async () => {
  const frame = document.body.appendChild(document.createElement('iframe'));
  const other = frame.contentWindow as Window & typeof globalThis;
  const socket = create('/echo');
  socket.binaryType = 'arraybuffer';
  const bytes = other.Uint8Array.of(1, 2, 3);
  socket.send(bytes.buffer);
  socket.send(bytes.subarray(1));
  socket.send(new other.Blob([bytes]));
  socket.send(new other.File([bytes], 'name'));
  bytes.fill(9);
  expect(socket.bufferedAmount).toBe(3 + 2 + 3 + 3);
  for (const content of [
    [1, 2, 3],
    [2, 3],
    [1, 2, 3],
    [1, 2, 3],
  ]) {
    expect([...new Uint8Array((await next(socket, 'message')).data as ArrayBuffer)]).toEqual(content);
  }
  frame.remove();
});

it('goes on though every listener throws', async () => {
  const socket = create('/close?code=1011', { maxRetries: 3 });
  const failure = new Error('of the app');
  for (const type of ['open', 'close', 'error'] as const) {
    socket[`on${type}`] = () => {
      throw failure;
    };
  }
  const errors = await reported(async () => {
    while (socket.readyState !== HoldfastWebSocket.CLOSED) await next(socket, 'close');
  });
  expect(new Set(errors)).toEqual(new Set([failure]));
  // Four times open and close.
  expect(errors).toHaveLength(8);
});

it('leaves a server that never answers the handshake, and one that breaks the protocol', async () => {
  for (const path of ['/mute', '/garbage']) {
    const socket = create(path, { connectionTimeout: 100, maxRetries: 2 });
    let closes = 0;
    socket.onclose = () => {
      closes += 1;
    };
    while (socket.readyState !== HoldfastWebSocket.CLOSED) await next(socket, 'close');
    expect(closes).toBe(3);
    expect(socket.getState()).toMatchObject({ phase: 'suspended', failure: { code: 'RETRIES_EXHAUSTED' } });
  }
});

it('throws what the browser throws at the constructor, though it reconnects, and opens nothing', () => {
  for (const url of ['ws://', 'ftp://host/', 'ws://host/#part']) {
    expect(() => new HoldfastWebSocket(url)).toThrow(DOMException);
  }
  expect(() => new HoldfastWebSocket('ws://host/', ['a', 'a'])).toThrow(DOMException);
});

it('is a WebSocket to the compiler and at the constants', () => {
  const take = (socket: WebSocket, Class: typeof WebSocket): number => socket.OPEN + Class.CLOSED;
  expect(take(create('/echo'), HoldfastWebSocket)).toBe(4);
});
