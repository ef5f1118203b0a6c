import { browserEnvironment, type Socket } from '@holdfast/core';
import { useState } from 'react';
import { useFirstRef } from './first-hook.ts';
import { useOnMessage } from './use-on-message.ts';

const NONE: readonly never[] = [];

/** Of one socket: what was handed to React last, and what has come since. */
interface Recent<Item> {
  readonly socket: unknown;
  list: readonly Item[];
  fresh: Item[];
  limit: number;
  /** Whether a frame has been asked for. */
  isDue: boolean;
}

/**
 * The newest `limit` of what `select` makes of the messages of a socket, oldest first. Handed to React once a frame, or by a
 * timer where no frames come, and only if `isNews` finds the list another one. All components that are handed something in one
 * frame are committed together.
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
    if (recent.isDue) return;
    recent.isDue = true;
    browserEnvironment().nextFrame(() => {
      const { list: before, fresh } = recent;
      recent.isDue = false;
      recent.fresh = [];
      const list = [...before, ...fresh].slice(-recent.limit);
      if (!isNews(list, before)) return;
      recent.list = list;
      setHanded({ from: recent, list });
    });
  });

  return handed?.from === recent ? handed.list : NONE;
}

function nothingOf(socket: unknown): Recent<never> {
  return { socket, list: NONE, fresh: [], limit: 1, isDue: false };
}
