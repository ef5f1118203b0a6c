import { createSocket, holdfast, type SocketOptions } from '@holdfast/core';
import { indexedDB } from '@holdfast/core/indexeddb';
import type { Inspector } from '@holdfast/inspector/tap';
import type { Target } from '../target.ts';
import { QUEUE_LIMIT } from './limits.ts';
import type { NumberedMessage, ServerMessage, WatchMessage } from '../messages.ts';
import type { ConversationSocket } from './sent-messages.ts';

/** The page's one conversation. React only looks at it: it lives outside of the tree. */
export function openConversation(target: Target, run: string, inspector: Inspector): ConversationSocket {
  const options: SocketOptions<NumberedMessage | WatchMessage> = {
    url: target.socket,
    protocol: holdfast(),
    outbox: indexedDB({
      // What waits for one server is no other server's business.
      name: target.elsewhere === null ? 'holdfast-demo' : `holdfast-demo ${target.elsewhere}`,
      identity: 'visitor',
      maxMessages: QUEUE_LIMIT,
    }),
    // Far shorter than an app would take, so that a frozen wire is noticed while one looks on.
    heartbeat: { intervalMs: 2_000, timeoutMs: 2_000 },
    // Ahead of everything, on each connection: the server tells what it has counted of this run.
    onConnect: (connection) => connection.send({ watch: run }),
  };
  const socket = createSocket<ServerMessage, NumberedMessage | WatchMessage>(inspector.tap(options));
  inspector.attach(socket);
  return socket;
}
