import { useConnectionState } from '@holdfast/react';
import { type ReactElement, useCallback } from 'react';
import { LaneView } from '../lanes/lane-view.tsx';
import { useStore } from '../lib/use-store.ts';
import type { LaneName } from '../messages.ts';
import type { Scene } from '../scene.ts';

const TITLES: { readonly [lane in LaneName]: readonly [title: string, how: string] } = {
  holdfast: ['Holdfast', 'with its outbox in IndexedDB'],
  reconnecting: ['reconnecting-websocket', 'as it comes; queues while closed'],
  plain: ['WebSocket', 'opened again by hand after 1 s; sent to while open'],
};

/** The same messages by three lanes, and what the server has of each. */
export function LanesPanel({ socket, lanes, records, outgoing, board }: Scene): ReactElement {
  const phase = useConnectionState(socket, (state) => state.phase);
  const states = useStore(lanes.states);
  const { own } = useStore(records.store);
  // Renders with every change of what is out.
  useStore(outgoing.store);
  const watch = useCallback(
    (changed: () => void) => {
      const ends = [records.store.subscribe(changed), board.watch(changed)];
      return () => ends.forEach((end) => end());
    },
    [records, board],
  );
  const common = { sent: outgoing.run.last, trail: lanes.trail, watch };
  return (
    <section className="lanes" aria-labelledby="lanes-title">
      <header>
        <h2 id="lanes-title">One rope, three lanes</h2>
        <p>counted by the server</p>
      </header>
      <ol>
        {(['holdfast', 'reconnecting', 'plain'] as const).map((lane) => (
          <LaneView
            key={lane}
            lane={lane}
            title={TITLES[lane][0]}
            how={TITLES[lane][1]}
            state={lane === 'holdfast' ? phase : states[lane]}
            record={own?.[lane] ?? null}
            {...common}
          />
        ))}
      </ol>
    </section>
  );
}
