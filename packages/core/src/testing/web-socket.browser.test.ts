import { afterEach, describe, expect, inject, it } from 'vitest';
import type { WebSocketLike } from '../environment/ports.ts';
import { type Ground, requirements, run } from '../websocket/requirement-runner.fixture.ts';
import type { Seen } from '../websocket/requirement.fixture.ts';
import type { Payload } from './connection.ts';
import type { ServerScript, TestPeer } from './server.ts';
import { webSocketConformance } from './web-socket-conformance.ts';
import { createTestWorld } from './world.ts';

// The standard's requirements, which the browser's own class and the drop-in class are held to, for the world's class.

const ORIGIN = 'ws://world.test';
const PATHS = [
  ...['/echo', '/count', '/cut', '/flood', '/close', '/greet', '/greet-and-close', '/deaf', '/mute', '/garbage'],
  '/deflate',
];

const world = createTestWorld({ timers: 'global', latencyMs: 1 });
const seen = new Map<string, Seen>();
for (const path of PATHS) world.server(`${ORIGIN}${path}`, scriptOf(path));

function scriptOf(path: string): ServerScript {
  const recordOf = (peer: TestPeer): Seen => {
    const id = new URL(peer.url).searchParams.get('id') ?? '';
    const record = seen.get(id) ?? { texts: [], code: null, reason: null };
    seen.set(id, record);
    return record;
  };
  return {
    // As `ws` does: the first one that is offered.
    onConnection(peer) {
      recordOf(peer);
      const query = new URL(peer.url).searchParams;
      if (path === '/close') peer.close(Number(query.get('code') ?? 1000), query.get('reason') ?? '');
      if (path.startsWith('/greet')) peer.send('hello');
      if (path === '/greet') peer.send(Uint8Array.of(1, 2, 3));
      if (path === '/greet-and-close') peer.close(4000, 'done');
      if (path === '/deaf') world.network.blackHole('up');
      // A frame that no browser takes.
      if (path === '/garbage') setTimeout(() => world.network.connections.at(-1)?.cut(), 5);
    },
    onMessage(peer, data) {
      recordOf(peer).texts.push(textOf(data));
      if (path === '/cut') peer.terminate();
      else if (path === '/flood') for (let n = 0; n < 50; n += 1) peer.send(String(n));
      else if (path === '/count') peer.send(String(new TextEncoder().encode(textOf(data)).length));
      else peer.send(data);
    },
    onClose(peer, code, reason) {
      Object.assign(recordOf(peer), { code, reason });
    },
  };
}

function textOf(data: Payload): string {
  return typeof data === 'string' ? data : new TextDecoder().decode(data);
}

const ground: Ground = {
  WebSocket: world.WebSocket,
  origin: ORIGIN,
  seen: async (id) => seen.get(id) ?? null,
  prepare(path) {
    if (path.startsWith('/mute')) world.network.hang();
  },
};

afterEach(() => world.network.heal());

/** What the world does not have. */
const DIFFERENT: { readonly [number: string]: string } = {
  '2.12': 'the class is its own',
  '2.15': 'nothing is compressed',
  '5.14': 'only a browser makes trusted events',
  '5.15': 'script dispatches the events, so that microtasks wait for the last listener',
};
/** Waits for the browser's own minute; network.test.ts has it in virtual time. */
const A_MINUTE = '4.22';

describe.each(requirements.filter(({ number }) => number !== A_MINUTE))('$number $text', (requirement) => {
  const kept = (): Promise<void> => run(requirement, ground, 'world');
  const difference = DIFFERENT[requirement.number];
  if (difference === undefined) it("holds for the world's WebSocket", kept);
  else it(`is different: ${difference}`, () => expect(kept()).rejects.toBeInstanceOf(Error));
});

// The suite for authors of environments asks for what a browser does, and for nothing else.
describe("the browser's own WebSocket keeps the suite for WebSockets", () => {
  const cases = webSocketConformance({
    openWebSocket: (protocols) =>
      new WebSocket(`ws://${inject('webSocketServer')}/echo`, [...protocols]) as WebSocketLike,
    openToNobody: () => new WebSocket('ws://127.0.0.1:1/') as WebSocketLike,
  });
  for (const { name, run } of cases) it(name, run);
});
