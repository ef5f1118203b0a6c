import { useConnectionState, useSocketStats } from '@holdfast/react';
import type { ReactElement } from 'react';
import { explain } from '../conversation/explain.ts';
import type { ConversationSocket } from '../conversation/sent-messages.ts';
import type { Faults, FaultsView } from '../faults/faults-store.ts';
import { formatCount, formatDuration } from '../lib/format.ts';
import { useStore } from '../lib/use-store.ts';
import { Icon } from './icon.tsx';
import { phaseIcons } from './phase-icons.ts';

interface StageStatusProps {
  readonly socket: ConversationSocket;
  readonly faults: Faults;
}

/** What the connection does, what the wire is like, and what waits: one line over the board. */
export function StageStatus({ socket, faults }: StageStatusProps): ReactElement {
  const state = useConnectionState(socket);
  const kept = useSocketStats(socket, ({ queued, inFlight }) => queued + inFlight);
  const rttMs = useSocketStats(socket, (stats) => stats.rttMs);
  const view = useStore(faults.store);
  const { word, tone, sentence } = explain(state);
  return (
    <div className={`stage-status tone-${tone}`}>
      <p className={`badge phase-${state.phase}`}>
        <Icon name={phaseIcons[state.phase]} />
        <span data-testid="phase" data-phase={state.phase}>
          {word}
        </span>
      </p>
      {/* A new element for new words, which may take one line or two: nothing that is there moves. */}
      <p key={sentence} className="stage-sentence">
        {sentence}
      </p>
      <dl>
        <div>
          <dt>wire</dt>
          <dd>{wireOf(view)}</dd>
        </div>
        <div className="is-minor">
          <dt>round trip</dt>
          <dd>{rttMs === null ? '–' : formatDuration(rttMs)}</dd>
        </div>
        <div>
          <dt>kept here</dt>
          <dd data-testid="kept">{formatCount(kept)}</dd>
        </div>
      </dl>
    </div>
  );
}

function wireOf({ report, missing }: FaultsView): string {
  if (report === null) return missing === null ? 'no answer' : 'unknown';
  if (report.serverPid === null) return 'server down';
  if (report.frozen) return 'frozen';
  if (report.refusing) return 'refuses';
  if (report.isDraining) return 'draining';
  if (report.stranded > 0) return `${formatCount(report.stranded)} dead`;
  return report.delayMs > 0 ? `+${formatDuration(report.delayMs)}` : 'sound';
}
