import type { Socket } from '@holdfast/core';
import { useCallback, useEffect, useInsertionEffect, useLayoutEffect } from 'react';
import { useFirstRef } from './first-hook.ts';

/**
 * Calls `handler` with each message that arrives while the component is mounted: every one, once, in order, from the
 * commit on, in Strict Mode and while Suspense hides the component too.
 *
 * Renders nothing by itself: messages never become state unless the handler makes them so, with an updating function
 * (`setList((list) => [...list, message])`), for a burst comes faster than React renders. `useMessages` keeps a list, and
 * renders once a frame. The handler may be an inline function: the one of the last committed render is called, and a new
 * one costs no new subscription.
 *
 * What the handler throws is reported by the socket (`error`, LISTENER_FAILED); other handlers still hear. Messages
 * that arrive while nobody is mounted are not kept for later.
 *
 * @example
 * useOnMessage(socket, (message) => notify(message.text));
 */
export function useOnMessage<Incoming>(
  socket: Socket<Incoming, never>,
  handler: (message: NoInfer<Incoming>) => void,
): void {
  const latest = useFirstRef(handler);
  const heard = useFirstRef<Heard | null>(null);
  // Before any other effect: a message between commit and effects must meet the handler of what is on the screen.
  useInsertionEffect(() => {
    latest.current = handler;
  });
  const attach = useCallback(() => {
    if (heard.current?.socket === socket) return;
    heard.current?.stop();
    heard.current = { socket, stop: socket.on('message', (message) => latest.current(message)) };
  }, [socket, heard, latest]);
  // In the commit itself: the effect below runs after the page was painted, and messages come in between. Without an
  // end of its own: React ends layout effects while a suspended tree is hidden, and messages would be missed.
  useCommitEffect(attach, [attach]);
  useEffect(() => {
    attach();
    return () => {
      // The commit that changed the socket has attached to the next one.
      if (heard.current?.socket !== socket) return;
      heard.current.stop();
      heard.current = null;
    };
  }, [attach, heard, socket]);
}

interface Heard {
  readonly socket: unknown;
  readonly stop: () => void;
}

/** React 18 complains about a layout effect on a server. */
function useCommitEffect(effect: () => void, dependencies: readonly unknown[]): void {
  const useEither = typeof document === 'undefined' ? useEffect : useLayoutEffect;
  useEither(effect, dependencies);
}
