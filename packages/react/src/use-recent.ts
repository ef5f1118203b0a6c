import type { Socket } from '@holdfast/core';
import { useState } from 'react';
import { useFirstRef } from './first-hook.ts';
import { soon } from './soon.ts';
import { useOnMessage } from './use-on-message.ts';

const NONE: readonly never[] = [];

/** Of one socket: what was handed to React last, and what has come since. */
interface Recent<Item> {
  readonly socket: unknown;
  list: readonly Item[];
  fresh: Item[];
  limit: number;
  /** When that was, as `performance.now()` has it. */
  handedAt: number;
  /** Ends the wait for the frame that was asked for. */
  cancel: (() => void) | null;
}

/** How often messages themselves hand over in a hidden page. Its timers are too slow: browsers run them once a second. */
const HIDDEN_MS = 250;

/**
 * The newest `limit` of what `select` makes of the messages of a socket, oldest first. Handed to React once a frame, and only if
 * `isNews` finds the list another one. All components that are handed something in one frame are committed together. In a
 * hidden page, where no frames come, a message hands over what has come, four times a second at most, and a timer the rest.
 */
export function useRecent<Incoming, Item>(
  socket: Socket<Incoming, never>,
  limit: number,
  select: ((message: Incoming) => Item | undefined) | undefined,
  isNews: (list: readonly Item[], before: readonly Item[]) => boolean,
): readonly Item[] {
  useFirstRef(null);
  const [kept, setKept] = useState<Recent<Item>>(() => nothingOf(socket));
  let recent = kept;
  if (recent.socket !== socket) {
    recent = nothingOf(socket);
    setKept(recent);
  }
  const [handed, setHanded] = useState<{ readonly from: Recent<Item>; readonly list: readonly Item[] } | null>(null);

  useOnMessage(socket, (message) => {
    // Without `select` an item is a message.
    const item = select === undefined ? (message as unknown as Item) : select(message);
    if (item === undefined) return;
    recent.limit = limit;
    recent.fresh.push(item);
    // Frames may be long, and where none come a timer may be late.
    if (recent.fresh.length >= 2 * limit) recent.fresh.splice(0, recent.fresh.length - limit);
    const isHidden = typeof document !== 'undefined' && document.hidden;
    if (isHidden && performance.now() - recent.handedAt >= HIDDEN_MS) handOver();
    else recent.cancel ??= soon(handOver);
  });

  function handOver(): void {
    const { list: before, fresh } = recent;
    recent.cancel?.();
    recent.cancel = null;
    recent.handedAt = performance.now();
    recent.fresh = [];
    const list = [...before, ...fresh].slice(-recent.limit);
    if (!isNews(list, before)) return;
    recent.list = list;
    setHanded({ from: recent, list });
  }

  return handed?.from === recent ? handed.list : NONE;
}

function nothingOf(socket: unknown): Recent<never> {
  return { socket, list: NONE, fresh: [], limit: 1, handedAt: -Infinity, cancel: null };
}
