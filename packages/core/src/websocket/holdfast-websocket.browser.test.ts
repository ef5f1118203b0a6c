import { describe, expect, inject, it } from 'vitest';
import { DIFFERENCES } from './differences.fixture.ts';
import { HoldfastWebSocket } from './holdfast-websocket.ts';
import type { HoldfastWebSocketOptions } from './options.ts';
import { aTask, next, type Context, type Requirement, type WebSocketClass } from './requirement.fixture.ts';
import { closeRequirements } from './requirements-close.fixture.ts';
import { constructorRequirements } from './requirements-constructor.fixture.ts';
import { eventRequirements } from './requirements-events.fixture.ts';
import { interfaceRequirements } from './requirements-interface.fixture.ts';
import { listenerRequirements } from './requirements-listeners.fixture.ts';
import { sendRequirements } from './requirements-send.fixture.ts';

// Every requirement runs against the browser's own class and against ours, in the same page and with the same server.

const requirements = [
  ...constructorRequirements,
  ...interfaceRequirements,
  ...sendRequirements,
  ...closeRequirements,
  ...eventRequirements,
  ...listenerRequirements,
];

/** Ours as a library that reconnects by itself is given it, with its own name and prototype. */
function ours(options: HoldfastWebSocketOptions = {}): WebSocketClass {
  return new Proxy(HoldfastWebSocket, {
    construct: (target, [...given], newTarget) =>
      Reflect.construct(
        target,
        given.length === 0 ? [] : [given[0], given[1], { reconnect: false, ...options }],
        newTarget,
      ) as object,
  });
}

async function run(requirement: Requirement, WebSocket: WebSocketClass, name: string): Promise<void> {
  const server = inject('webSocketServer');
  const made: WebSocket[] = [];
  const named = (path: string): string => path.replace(/id=/, `id=${requirement.number}-${name}-`);
  const context: Context = {
    WebSocket,
    url: (path) => `ws://${server}${named(path)}`,
    create(path, protocols) {
      const url = typeof path === 'string' && path.startsWith('/') && !path.startsWith('/x') ? context.url(path) : path;
      const socket = protocols === undefined ? new WebSocket(url) : new WebSocket(url, protocols);
      made.push(socket);
      return socket;
    },
    async open(path = '/echo', protocols) {
      const socket = context.create(path, protocols);
      await next(socket, 'open');
      return socket;
    },
    async seen(id) {
      for (;;) {
        const answer = await fetch(`http://${server}/${named(`?id=${id}`)}`);
        const record = (await answer.json()) as Awaited<ReturnType<Context['seen']>> | null;
        if (record === null) throw new Error(`the server saw no connection ${id}`);
        if (record.code !== null) return record;
        await aTask(5);
      }
    },
  };
  try {
    await requirement.run(context);
  } finally {
    for (const socket of made) socket.close();
  }
}

describe.each([...requirements])('$number $text', (requirement) => {
  const difference = DIFFERENCES.find(({ number }) => number === requirement.number);

  it("holds for the browser's own class", () => run(requirement, WebSocket, 'native'));

  // The only one that waits for a deadline of ours, which is 10 s by default.
  const options = requirement.number === '4.23' ? { connectionTimeout: 300 } : {};
  if (difference === undefined) it('holds for ours', () => run(requirement, ours(), 'ours'));
  else
    it('is different with ours', () => expect(run(requirement, ours(options), 'ours')).rejects.toBeInstanceOf(Error));
});

it('numbers every requirement once, and every difference is one of them', () => {
  const numbers = requirements.map(({ number }) => number);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(DIFFERENCES.filter(({ number }) => !numbers.includes(number))).toEqual([]);
});
