import { createTRPCClient, createWSClient, wsLink } from '@trpc/client';
import type { Router } from '../servers/trpc.ts';
import type { Ping } from '@holdfast/core/websocket';
import { RETRY_MS, type StartClient, STRICT_MS } from './client.ts';

/** What createWSClient sends by itself when its `keepAlive` is on; the server's adapter answers it in any case. */
const ping: Ping = { data: () => 'PING', isPong: (data) => data === 'PONG' };

export const startTrpc: StartClient = (url, withPing, isStrict) => {
  const heard: string[] = [];
  const socket = createWSClient({
    url,
    WebSocket: withPing(ping),
    retryDelayMs: () => RETRY_MS,
    keepAlive: { enabled: isStrict, intervalMs: STRICT_MS, pongTimeoutMs: STRICT_MS },
  });
  const client = createTRPCClient<Router>({ links: [wsLink({ client: socket })] });
  client.news.subscribe(undefined, { onData: (text) => heard.push(text) });
  return { heard, say: (text) => void client.say.mutate(text) };
};
