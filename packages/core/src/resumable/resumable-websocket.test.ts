import { describe, expect, it } from 'vitest';
import { createTestWorld } from '../testing/world.ts';
import { ResumableWebSocket } from './resumable-websocket.ts';
import type { ResumableWebSocketOptions } from './options.ts';

const URL = 'wss://server/live';
const WELCOME = {
  session: 's',
  key: 'k',
  epoch: 'e',
  offset: 0,
  resumed: false,
  taken: [[0, []]],
  identity: 'i',
  heartbeat: { intervalMs: 15_000, timeoutMs: 5_000 },
  window: { messages: 100, bytes: 100_000 },
  limits: { messageBytes: 1_000, producers: 1, producerTtlMs: 1_000 },
  time: 0,
};

/** A client against frames of the test's own. */
function aClient(answer: (frame: unknown[]) => unknown[][]) {
  const world = createTestWorld();
  world.server(URL, {
    onMessage: (peer, data) => {
      const frames = (data as string).split('\n').flatMap((line) => answer(JSON.parse(line) as unknown[]));
      if (frames.length > 0) peer.send(frames.map((frame) => JSON.stringify(frame)).join('\n'));
    },
  });
  const { environment } = world.page;
  const socket = new ResumableWebSocket(URL, ['chat'], { environment });
  const told: string[] = [];
  for (const type of ['open', 'error'] as const) socket.addEventListener(type, () => told.push(type));
  socket.addEventListener('close', ({ code }) => told.push(`close ${code}`));
  return { world, socket, told };
}

const opened = ['m', 1, { opened: { protocol: 'chat', goneAfterMs: 1_000 } }];

describe('a server that is none', () => {
  it.each([
    ['refuses a message for good', ['r', 0, 1, { code: 'REFUSED', message: 'no' }]],
    ['opens with a subprotocol of its own', ['m', 1, { opened: { protocol: 'other', goneAfterMs: 1 } }]],
    ['opens with what is no opening', ['m', 1, { opened: { protocol: 'chat' } }]],
    ['says a control that nobody knows', ['m', 1, { ping: {} }]],
    ['says nothing that can be read', ['x']],
  ])('that %s: error, close 1006, no open', async (_, frame) => {
    const { world, told } = aClient(([kind]) =>
      kind === 'hello' ? [['welcome', WELCOME]] : kind === 'm' ? [frame] : [],
    );
    await world.clock.advance(20_000);
    expect(told).toEqual(['error', 'close 1006']);
    expect(world.page.held).toMatchObject({ timers: 0, listeners: 0, connections: 0 });
  });

  it('that opens twice ends what was open', async () => {
    const { world, told } = aClient(([kind]) =>
      kind === 'hello' ? [['welcome', WELCOME]] : kind === 'm' ? [opened, ['m', 2, opened[2]]] : [],
    );
    await world.clock.advance(20_000);
    expect(told).toEqual(['open', 'error', 'close 1006']);
  });
});

describe('options', () => {
  it.each([
    [{ auth: 'token' }, 'option auth must be a function, not a string of 5'],
    [{ reconnect: { factor: -1 } }, 'option reconnect.factor must be a number above 0, not the number -1'],
    [{ heartbeat: false }, 'option heartbeat must be an object, not the boolean false'],
    [{ maxRetries: 3 }, 'option maxRetries must be left out: it is no option'],
    [{ reconnect: { maxAttempts: 3 } }, 'option reconnect.maxAttempts must be left out: it is no option'],
  ])('%j: %s', (options, message) => {
    const { environment } = createTestWorld().page;
    const given = { environment, ...options } as ResumableWebSocketOptions;
    expect(() => new ResumableWebSocket(URL, [], given)).toThrow(message);
  });
});
