import { useConnectionState } from '@holdfast/react';
import { type ReactElement, useCallback } from 'react';
import { LaneView } from '../lanes/lane-view.tsx';
import { useNow } from '../lib/use-now.ts';
import { useStore } from '../lib/use-store.ts';
import { LANE_TITLES, LANES, type LaneName } from '../messages.ts';
import type { Scene } from '../scene.ts';

const STORAGE_FAILS = 'storage fails: keeps new messages in memory only';
const HOW: { readonly [lane in LaneName]: string } = {
  holdfast: 'keeps unsent messages in this browser (IndexedDB)',
  reconnecting: 'as it comes; keeps messages while closed',
  plain: 'opened again 1 s after it closed; sent to while open',
};

/** The same messages by three lanes, and what the server has of each. */
export function LanesPanel({
  socket,
  lanes,
  records,
  outgoing,
  unsaved,
  board,
  faults,
  pageFaults,
}: Scene): ReactElement {
  const phase = useConnectionState(socket, (state) => state.phase);
  const states = useStore(lanes.states);
  const { own } = useStore(records.store);
  // Renders with every change of what is out.
  const { storageError } = useStore(outgoing.store);
  const { isStorageBroken } = useStore(pageFaults.store);
  const { report } = useStore(faults.store);
  const isWireDead = report !== null && (report.frozen || report.stranded > 0);
  const now = useNow(1_000);
  const watch = useCallback(
    (changed: () => void) => {
      const ends = [records.store.subscribe(changed), board.watch(changed)];
      return () => ends.forEach((end) => end());
    },
    [records, board],
  );
  const common = { sent: outgoing.run.last, trail: lanes.trail, watch, now };
  return (
    <section className="lanes" aria-labelledby="lanes-title">
      <header>
        <div>
          <h2 id="lanes-title">One drawing, three ways</h2>
          <p>pieces, as the server counts them</p>
        </div>
        {/* Each count says its name itself to those who don't see the columns. */}
        <p className="lanes-columns" aria-hidden="true">
          <span>lost</span>
          <span>doubled</span>
          <span>out of order</span>
          <span>not there yet</span>
        </p>
      </header>
      <ol>
        {LANES.map((lane) => (
          <LaneView
            key={lane}
            lane={lane}
            title={LANE_TITLES[lane]}
            how={lane === 'holdfast' && (isStorageBroken || storageError !== null) ? STORAGE_FAILS : HOW[lane]}
            isWireDead={isWireDead}
            state={lane === 'holdfast' ? phase : states[lane]}
            record={own?.[lane] ?? null}
            unsaved={lane === 'holdfast' ? unsaved.count : 0}
            {...common}
          />
        ))}
      </ol>
    </section>
  );
}
