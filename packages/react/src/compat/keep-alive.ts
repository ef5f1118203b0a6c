import type { HoldfastWebSocket } from '@holdfast/core/websocket';
import type { HeartbeatOptions } from './types.ts';

const INTERVAL_MS = 25_000;
const TIMEOUT_MS = 60_000;
/** A timer that is late, of a page that slept or is hidden, proves nothing: the mail of the meantime must be heard first. */
const LOOKS_AFTER_A_PING = 4;
const SHORTEST_LOOK_MS = 100;

/**
 * Pings an open connection after `interval` of silence, and closes it after `timeout` of silence, once it had the time to
 * answer a ping. `wish` is asked at every look, so that options may change.
 */
export function keepAlive(socket: HoldfastWebSocket, wish: () => HeartbeatOptions): void {
  let heardAt = performance.now();
  let pingedAt = heardAt;
  /** Since the first ping without an answer; null: there is none. */
  let looks: number | null = null;
  const look = (): void => {
    const { interval = INTERVAL_MS, timeout = TIMEOUT_MS, message = 'ping' } = wish();
    const now = performance.now();
    if (looks !== null) looks += 1;
    if (looks !== null && looks >= LOOKS_AFTER_A_PING && now - heardAt >= timeout) {
      end.abort();
      // On a dead link its end comes within 2 s.
      socket.close();
    } else if (Math.min(now - heardAt, now - pingedAt) >= interval) {
      pingedAt = now;
      looks ??= 0;
      socket.send(typeof message === 'function' ? message() : message);
    }
  };
  const { interval = INTERVAL_MS, timeout = TIMEOUT_MS } = wish();
  const timer = setInterval(look, Math.max(SHORTEST_LOOK_MS, Math.min(interval, timeout) / 10));
  const end = new AbortController();
  end.signal.addEventListener('abort', () => clearInterval(timer));
  socket.addEventListener('close', () => end.abort(), { signal: end.signal });
  const hear = (): void => {
    heardAt = performance.now();
    looks = null;
  };
  socket.addEventListener('message', hear, { signal: end.signal });
}
