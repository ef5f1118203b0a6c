import { complain } from './complain.ts';
import type { HoldfastWebSocket } from '@holdfast/core/websocket';

const guards = new WeakMap<HoldfastWebSocket, WebSocket>();

/** A connection as one of those sees it who share it: it can be asked and listened to, not written to or closed. */
export function guarded(socket: HoldfastWebSocket): WebSocket {
  const guard = guards.get(socket) ?? createGuard(socket);
  guards.set(socket, guard);
  return guard;
}

function createGuard(socket: HoldfastWebSocket): WebSocket {
  return new Proxy(socket, {
    get(target, name) {
      if (name === 'send' || name === 'close') {
        return () => complain(`${name} of a shared WebSocket does nothing`);
      }
      // A class with private fields knows itself, and not its proxy.
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
    set(target, name, value) {
      if (!String(name).startsWith('on')) return Reflect.set(target, name, value, target);
      complain(`${String(name)} of a shared WebSocket is an option`);
      return true;
    },
  });
}
