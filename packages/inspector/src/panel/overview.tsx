import type { ReactElement } from 'react';
import type { Inspector } from '../record/inspector.ts';
import type { StateRecord } from '../record/records.ts';
import { formatClock, formatCount, formatDuration, formatMs } from './format.ts';
import { PhaseBadge } from './phase.tsx';
import { useLog, useNow } from './use-log.ts';

/** How many of the last changes are listed. */
const LISTED = 60;

export function Overview({ inspector }: { readonly inspector: Inspector }): ReactElement {
  const log = useLog(inspector.log);
  const now = useNow(1_000);
  const socket = inspector.getSocket();
  const stats = socket?.getStats();
  const states = log.states.toArray(LISTED);

  return (
    <div className="overview">
      <dl className="facts">
        <Fact name="Queued" value={stats === undefined ? '–' : formatCount(stats.queued)} />
        <Fact name="In flight" value={stats === undefined ? '–' : formatCount(stats.inFlight)} />
        <Fact name="Round trip" value={roundTrip(stats?.rttMs ?? log.roundTrips.last?.ms)} />
      </dl>
      {socket === null ? null : (
        <div className="buttons">
          <button type="button" onClick={() => socket.connect()}>
            Connect
          </button>
          <button type="button" onClick={() => socket.pause()}>
            Pause
          </button>
          <button type="button" onClick={() => socket.reconnect()}>
            Reconnect
          </button>
        </div>
      )}
      <h3>State changes</h3>
      <ol className="changes" reversed>
        {states
          .map((state, index) => (
            <Change key={`${state.at} ${index}`} state={state} until={states[index + 1]?.at ?? now} />
          ))
          .reverse()}
      </ol>
    </div>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }): ReactElement {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Change({ state, until }: { readonly state: StateRecord; readonly until: number }): ReactElement {
  return (
    <li>
      <time className="clock">{formatClock(state.at)}</time>
      <PhaseBadge phase={state.phase} />
      <span className="why">
        {state.reason}
        {state.code === null ? '' : ` · ${state.code}`}
        {state.attempt > 0 ? ` · attempt ${state.attempt}` : ''}
      </span>
      <span className="took">{formatDuration(until - state.at)}</span>
    </li>
  );
}

function roundTrip(ms: number | undefined): string {
  return ms === undefined ? '–' : formatMs(ms);
}
