import { createSocket, holdfast } from '@holdfast/core';
import { indexedDB } from '@holdfast/core/indexeddb';
import type { ConversationSocket } from './sent-messages.ts';

/** The most messages that may wait at once. */
export const QUEUE_LIMIT = 20_000;

/** The page's one conversation. React only looks at it: it lives outside of the tree. */
export function openConversation(): ConversationSocket {
  return createSocket({
    url: new URL('/socket', location.href.replace(/^http/, 'ws')),
    protocol: holdfast(),
    outbox: indexedDB({ name: 'holdfast-demo', identity: 'visitor', maxMessages: QUEUE_LIMIT }),
    // Far shorter than an app would take, so that a frozen wire is noticed while one looks on.
    heartbeat: { intervalMs: 2_000, timeoutMs: 2_000 },
  });
}
