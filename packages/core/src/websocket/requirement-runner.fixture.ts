import { inject } from 'vitest';
import { aTask, next, type Context, type Requirement, type WebSocketClass } from './requirement.fixture.ts';
import { closeRequirements } from './requirements-close.fixture.ts';
import { constructorRequirements } from './requirements-constructor.fixture.ts';
import { eventRequirements } from './requirements-events.fixture.ts';
import { interfaceRequirements } from './requirements-interface.fixture.ts';
import { listenerRequirements } from './requirements-listeners.fixture.ts';
import { sendRequirements } from './requirements-send.fixture.ts';

/** The table: what the standard asks of a WebSocket. */
export const requirements: readonly Requirement[] = [
  ...constructorRequirements,
  ...interfaceRequirements,
  ...sendRequirements,
  ...closeRequirements,
  ...eventRequirements,
  ...listenerRequirements,
];

/** Runs a requirement against a class. `name`: its own among the runs. */
export async function run(
  requirement: Requirement,
  WebSocket: WebSocketClass,
  name: string,
  server: string = inject('webSocketServer'),
): Promise<void> {
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
