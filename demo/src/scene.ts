import { createInspector, type Inspector } from '@holdfast/inspector/tap';
import { BoardState } from './board/board-state.ts';
import { Drawing, openHue } from './board/drawing.ts';
import { LiveRoom } from './board/live.ts';
import { type HistoryEntry, recordHistory } from './conversation/history.ts';
import { Records } from './conversation/records.ts';
import { openRun } from './conversation/run.ts';
import { type ConversationSocket, Outgoing } from './conversation/sent-messages.ts';
import { openConversation } from './conversation/socket.ts';
import { Unsaved } from './conversation/unsaved.ts';
import { type Faults, watchFaults } from './faults/faults-store.ts';
import { PageFaults } from './faults/page-faults.ts';
import { Lanes } from './lanes/lanes.ts';
import type { FrameStore } from './lib/frame-store.ts';
import { readTarget, type Target } from './target.ts';
import { Tour } from './tour/tour.ts';

/** Everything that lives beside React, which only looks at it. */
export interface Scene {
  readonly target: Target;
  readonly socket: ConversationSocket;
  readonly history: FrameStore<readonly HistoryEntry[]>;
  readonly lanes: Lanes;
  readonly records: Records;
  readonly outgoing: Outgoing;
  readonly unsaved: Unsaved;
  readonly board: BoardState;
  readonly live: LiveRoom;
  readonly drawing: Drawing;
  readonly faults: Faults;
  readonly pageFaults: PageFaults;
  readonly tour: Tour;
  readonly inspectors: readonly Inspector[];
}

export async function openScene(): Promise<Scene> {
  const target = readTarget(new URL(location.href));
  const run = await openRun(sessionStorage);
  const hue = openHue(sessionStorage);
  // They see the frames from the first one on; the panel that shows them is loaded when somebody opens it.
  const [boardInspector, cursorInspector] = ['board', 'cursors'].map((name) =>
    createInspector({ name, enabled: true, payloads: true, faults: true }),
  ) as [Inspector, Inspector];
  const inspectors = [boardInspector, cursorInspector];
  const socket = openConversation(target, run.id, boardInspector);
  const history = recordHistory(socket);
  const lanes = new Lanes(target.lanes);
  const records = new Records(socket, run.id);
  const unsaved = new Unsaved(sessionStorage, run.id);
  records.onOwn((own) => {
    lanes.trail.learn(own);
    unsaved.learn(own.holdfast);
  });
  const outgoing = new Outgoing(socket, run, lanes, records);
  window.addEventListener('pagehide', () => unsaved.pageGoes(outgoing.unsaved()));
  const board = new BoardState(socket, run.id);
  const live = new LiveRoom(target.live, hue, cursorInspector);
  const drawing = new Drawing(outgoing, board, hue);
  const faults = watchFaults(target);
  const pageFaults = new PageFaults();
  const tour = new Tour({ drawing, faults, pageFaults, inspectors, records, outgoing });
  return {
    target,
    socket,
    history,
    lanes,
    records,
    outgoing,
    unsaved,
    board,
    live,
    drawing,
    faults,
    pageFaults,
    tour,
    inspectors,
  };
}
