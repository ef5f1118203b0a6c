import { useConnectionState, useSocketStats } from '@holdfast/react';
import { type ReactElement, type ReactNode, useSyncExternalStore } from 'react';
import { explain } from '../conversation/explain.ts';
import type { ConversationSocket } from '../conversation/sent-messages.ts';
import type { Faults } from '../faults/faults-store.ts';
import { formatCount, formatDuration } from '../lib/format.ts';
import type { Tally } from '../messages.ts';
import { Icon, type IconName } from './icon.tsx';
import { PhaseBadge } from './phase-badge.tsx';
import { Verdict } from './verdict.tsx';

interface RouteProps {
  readonly socket: ConversationSocket;
  readonly faults: Faults;
  readonly tally: Tally | null;
}

/** The way of a message at a glance: page, wire, server, and the handler's verdict. */
export function Route({ socket, faults, tally }: RouteProps): ReactElement {
  const state = useConnectionState(socket);
  const { queued, inFlight, rttMs } = useSocketStats(socket);
  const { report } = useSyncExternalStore(faults.store.subscribe, faults.store.getSnapshot);
  const { tone } = explain(state);
  const isDown = report !== null && report.serverPid === null;
  const open = queued + inFlight;
  return (
    <section className={`route tone-${tone}`} aria-label="Overview">
      <ol className="stations">
        <Station icon="page" name="This page">
          {open === 0 ? 'nothing waits' : `${formatCount(open)} unconfirmed`}
        </Station>
        <li className={`link ${report?.frozen === true ? 'is-frozen' : ''} ${inFlight > 0 ? 'is-busy' : ''}`}>
          <span className="track" aria-hidden="true" />
          <PhaseBadge state={state} />
          <span className="link-note">{wireNote(report, rttMs, state.phase === 'open')}</span>
        </li>
        <Station icon="server" name="Server" isDown={isDown}>
          {isDown
            ? 'killed, coming back'
            : tally === null
              ? 'not heard of yet'
              : `${formatCount(tally.received)} received`}
        </Station>
      </ol>
      <Verdict tally={tally} />
    </section>
  );
}

function wireNote(
  report: ReturnType<Faults['store']['getSnapshot']>['report'],
  rttMs: number | null,
  isOpen: boolean,
): string {
  const faults = [
    ...(report?.frozen === true ? ['frozen'] : []),
    ...(report?.refusing === true ? ['refuses connections'] : []),
    ...(report !== null && report.delayMs > 0 ? [`${formatDuration(report.delayMs)} late each way`] : []),
  ];
  if (faults.length > 0) return `the wire: ${faults.join(', ')}`;
  return isOpen && rttMs !== null ? `round trip ${formatDuration(rttMs)}` : 'the wire is sound';
}

interface StationProps {
  readonly icon: IconName;
  readonly name: string;
  readonly isDown?: boolean;
  readonly children: ReactNode;
}

function Station({ icon, name, isDown = false, children }: StationProps): ReactElement {
  return (
    <li className={`station ${isDown ? 'is-down' : ''}`}>
      <span className="station-icon">
        <Icon name={icon} />
      </span>
      <strong>{name}</strong>
      <span className="station-note">{children}</span>
    </li>
  );
}
