import type { ConnectionState } from '@holdfast/core';
import { createFrameStore, type FrameStore } from '../lib/frame-store.ts';
import type { ConversationSocket } from './sent-messages.ts';

export interface HistoryEntry {
  readonly id: number;
  readonly at: number;
  readonly state: ConnectionState;
  /** Whether the server went on with the session; null for states other than open. */
  readonly resumed: boolean | null;
}

const LIMIT = 50;

/** The states of the connection since the page was opened, newest first. Not one is skipped, however short it was. */
export function recordHistory(socket: ConversationSocket): FrameStore<readonly HistoryEntry[]> {
  let entries: readonly HistoryEntry[] = [];
  let nextId = 1;
  const store = createFrameStore(() => entries);
  const add = (state: ConnectionState): void => {
    const [newest] = entries;
    // The same phase with another attempt or reason is news about it, not another phase.
    if (newest !== undefined && newest.state.phase === state.phase && newest.at === state.since) {
      entries = [{ ...newest, state }, ...entries.slice(1)];
    } else {
      entries = [{ id: nextId, at: state.since, state, resumed: null }, ...entries].slice(0, LIMIT);
      nextId += 1;
    }
    store.invalidate();
  };
  add(socket.getState());
  socket.on('state', add);
  socket.on('open', ({ resumed }) => {
    const opened = entries.find(({ state }) => state.phase === 'open');
    entries = entries.map((entry) => (entry === opened ? { ...entry, resumed } : entry));
    store.invalidate();
  });
  return store;
}
