import { describe, expect, test } from 'vitest';
import { DEFAULT_HEARTBEAT, DEFAULT_LIMITS } from './session/limits.ts';
import { createServer } from './server.ts';
import { memoryStore } from './stores/memory-store.ts';

const onMessage = (): void => {};

describe('createServer names what is wrong, and the way out', () => {
  test.each([
    [undefined, /^options must be an object such as createServer\(/],
    [{}, /^onMessage is missing/],
    [{ onMessage: 'log' }, /^onMessage must be a function, not a string of 3$/],
    [{ onMessage, onsession: onMessage }, /^onsession is no option: there are onMessage, onSession/],
    [{ onMessage, store: {} }, /^store has no method claim, .*memoryStore\(\)/],
    [{ onMessage, positions: { load: onMessage } }, /^positions has no method commit/],
    [{ onMessage, heartbeat: { intervalMs: 0 } }, /^heartbeat\.intervalMs must be a whole number from 1 .*15000$/],
    [{ onMessage, heartbeat: { interval: 1 } }, /^heartbeat\.interval is no option/],
    [{ onMessage, limits: 5 }, /^limits must be an object/],
    [{ onMessage, limits: { handlerRetries: -1 } }, /^limits\.handlerRetries must be a whole number from 0/],
    [{ onMessage, limits: { sessionTtlMs: 3e9 } }, /^limits\.sessionTtlMs must be a whole number from 1 to 2147483647/],
    [{ onMessage, limits: { window: 5 } }, /^limits\.window must be an object such as \{ messages, bytes \}/],
    [{ onMessage, limits: { window: { messages: 5 } } }, /^limits\.window\.bytes is missing: its default is 1048576$/],
    [
      { onMessage, limits: { window: { messages: 10_001, bytes: 1 } } },
      /^limits\.window\.messages must be a whole number from 1 to 10000, not /,
    ],
    [{ onMessage, limits: { replay: 1 } }, /^limits\.replay must be an object such as \{ messages, bytes, ageMs \}/],
    [
      { onMessage, limits: { concurrentHandlers: { total: 0, perIdentity: 1 } } },
      /^limits\.concurrentHandlers\.total must/,
    ],
    [{ onMessage, admission: 100 }, /^admission must be an object such as \{ perSecond: 100 \}/],
    [{ onMessage, admission: {} }, /^admission\.perSecond must be a whole number from 1 to 1000000, not undefined$/],
    [{ onMessage, admission: { perSecond: 5, burst: 0 } }, /^admission\.burst must be .*leave it out for 5$/],
    [{ onMessage, admission: { perSecond: 5, queue: 1 } }, /^admission\.queue is no option/],
    [{ onMessage, allowedOrigins: 'https://a.example' }, /^allowedOrigins must be '\*', a list/],
    [{ onMessage, allowedOrigins: ['a.example'] }, /^allowedOrigins\[0\] must be an origin/],
    [{ onMessage, allowedOrigins: ['https://a.example/'] }, /sends 'https:\/\/a\.example'$/],
  ])('%o', (options, message) => {
    expect(() => createServer(options as never)).toThrow(message);
  });

  test('paths and times are checked where they are given', async () => {
    const server = createServer({ onMessage });
    expect(() => server.attach({} as never, { path: 'live' })).toThrow(/^path must be a string such as '\/socket'/);
    const express = Object.assign(() => {}, { on() {}, listeners: () => [] });
    expect(() => server.attach(express as never)).toThrow(
      /^attach needs a server of node:http .* Express .*createServer/,
    );
    expect(() => server.attach(8080 as never)).toThrow(/^attach needs a server .*, not the number 8080$/);
    await expect(server.close({ graceMs: -1 })).rejects.toThrow(/^graceMs must be/);
    await expect(server.close({ retryAfterMs: 600_001 })).rejects.toThrow(/^retryAfterMs .* leave it out for 0$/);
    await expect(server.drain({ withinMs: 0.5 })).rejects.toThrow(/^withinMs .* to 3600000, .* for 30000$/);
    await server.drain({ withinMs: 0 });
    await server.close();
  });

  test('everything that is documented is taken', async () => {
    const server = createServer({
      onMessage,
      store: memoryStore(),
      heartbeat: DEFAULT_HEARTBEAT,
      limits: { ...DEFAULT_LIMITS, handlerRetries: 0 },
      admission: { perSecond: 1_000, burst: 1 },
      allowedOrigins: ['https://a.example', 'http://localhost:3000'],
    });
    await server.close();
  });
});
