import type { Socket } from '@holdfast/core';
import { useEffect, useInsertionEffect, useRef } from 'react';

/**
 * Calls `handler` with each message that arrives while the component is mounted: every one, once, in order, in Strict
 * Mode too.
 *
 * Renders nothing by itself: messages never become state unless the handler makes them so, with an updating function
 * (`setList((list) => [...list, message])`), for a burst comes faster than React renders. The handler may be an inline
 * function: the one of the last committed render is called, and a new one costs no new subscription.
 *
 * What the handler throws is reported by the socket (`error`, LISTENER_FAILED); other handlers still hear. Messages
 * that arrive while nobody is mounted are not kept for later.
 *
 * @example
 * useOnMessage(socket, (message) => setList((list) => [...list, message]));
 */
export function useOnMessage<Incoming>(
  socket: Socket<Incoming, never>,
  handler: (message: NoInfer<Incoming>) => void,
): void {
  const latest = useRef(handler);
  // Before any other effect: a message between commit and effects must meet the handler of what is on the screen.
  useInsertionEffect(() => {
    latest.current = handler;
  });
  // Not a layout effect: React ends those while a suspended tree is hidden, and messages would be missed.
  useEffect(
    () =>
      socket.on('message', (message) => {
        latest.current(message);
      }),
    [socket],
  );
}
