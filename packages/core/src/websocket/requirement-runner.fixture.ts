import { aTask, next, type Context, type Requirement, type Seen, type WebSocketClass } from './requirement.fixture.ts';
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

/** A class and the server that it is tried with. */
export interface Ground {
  readonly WebSocket: WebSocketClass;
  /** `ws://host:port` of a server whose paths name what it does. */
  readonly origin: string;
  /** What the server saw of the last connection with this id until now; null: there was none. */
  readonly seen: (id: string) => Promise<Seen | null>;
  /** Called with a path of the server before a socket is made for it. */
  readonly prepare?: (path: string) => void;
}

/** The ground of a class on the test server. `server`: its `host:port`. */
export function onServer(WebSocket: WebSocketClass, server: string): Ground {
  const seen: Ground['seen'] = async (id) => {
    const answer = await fetch(`http://${server}/?id=${id}`);
    return (await answer.json()) as Seen | null;
  };
  return { WebSocket, origin: `ws://${server}`, seen };
}

/** Runs a requirement against a class. `name`: its own among the runs on a server. */
export async function run(requirement: Requirement, ground: Ground, name: string): Promise<void> {
  const { WebSocket, origin } = ground;
  const made: WebSocket[] = [];
  const nameOfId = (id: string): string => `${requirement.number}-${name}-${id}`;
  const context: Context = {
    WebSocket,
    url: (path) => `${origin}${path.replace(/id=/, `id=${nameOfId('')}`)}`,
    create(path, protocols) {
      // Some requirements pass other things than paths.
      const isPath = typeof path === 'string' && path.startsWith('/') && !path.startsWith('/x');
      if (isPath) ground.prepare?.(path);
      const url = isPath ? context.url(path) : path;
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
        const record = await ground.seen(nameOfId(id));
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
