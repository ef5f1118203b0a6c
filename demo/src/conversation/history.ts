import type { ConnectionState } from '@holdfast/core';
import { createFrameStore, type FrameStore } from '../lib/frame-store.ts';
import type { ConversationSocket } from './sent-messages.ts';

export interface HistoryEntry {
  readonly id: number;
  readonly at: number;
  readonly state: ConnectionState;
  /** Whether the server went on with the session; null for states other than open. */
  readonly resumed: boolean | null;
  /** Whether the connection before was open, too: this one took its place without a gap. */
  readonly isMove: boolean;
}

const LIMIT = 50;

/** `since` is worked out from two clocks at every change: that of one phase may differ by their grain. */
const GRAIN_MS = 100;

const isSameTime = (left: ConnectionState, right: ConnectionState): boolean =>
  Math.abs(left.since - right.since) <= GRAIN_MS;

/** The states of the connection since the page was opened, newest first. Not one is skipped, however short it was. */
export function recordHistory(socket: ConversationSocket): FrameStore<readonly HistoryEntry[]> {
  let entries: readonly HistoryEntry[] = [];
  let nextId = 1;
  const store = createFrameStore(() => entries);
  const push = (entry: Omit<HistoryEntry, 'id'>): void => {
    entries = [{ id: nextId, ...entry }, ...entries].slice(0, LIMIT);
    nextId += 1;
  };
  const add = (state: ConnectionState): void => {
    const [newest] = entries;
    // The same phase with another attempt or reason is news about it, not another phase.
    if (newest !== undefined && newest.state.phase === state.phase && isSameTime(newest.state, state)) {
      entries = [{ ...newest, state }, ...entries.slice(1)];
    } else {
      const isMove = newest?.state.phase === 'open' && state.phase === 'open';
      push({ at: state.since, state, resumed: null, isMove });
    }
    store.invalidate();
  };
  add(socket.getState());
  socket.on('state', add);
  socket.on('open', ({ resumed }) => {
    const [newest] = entries;
    if (newest?.state.phase !== 'open') return;
    // A second connection took over while the first was open: the phase stayed what it was.
    if (newest.resumed !== null) push({ at: Date.now(), state: newest.state, resumed, isMove: true });
    else entries = [{ ...newest, resumed }, ...entries.slice(1)];
    store.invalidate();
  });
  return store;
}
