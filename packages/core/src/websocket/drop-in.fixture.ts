import { HoldfastWebSocket } from './holdfast-websocket.ts';
import type { Requirement, WebSocketClass } from './requirement.fixture.ts';

/** Ours as a library that reconnects by itself is given it, with its own name and prototype, for one requirement. */
export function dropInFor({ number }: Requirement): WebSocketClass {
  // The only one that waits for a deadline of ours, which is 10 s by default.
  const options = { reconnect: false, ...(number === '4.23' && { connectionTimeout: 300 }) };
  return new Proxy(HoldfastWebSocket, {
    construct: (target, [...given], newTarget) =>
      Reflect.construct(target, given.length === 0 ? [] : [given[0], given[1], options], newTarget) as object,
  });
}
