import { useState, type ReactElement } from 'react';
import type { Inspector } from '../record/inspector.ts';
import type { StateRecord } from '../record/records.ts';
import { formatClock, formatDuration } from './format.ts';
import { PhaseBadge, phaseOf } from './phase.tsx';
import { Plots } from './plots.tsx';
import { Rows } from './rows.tsx';
import { Records } from './records-list.tsx';
import { Timeline } from './timeline.tsx';
import { useLog, useNow } from './use-log.ts';

/** How many of the last changes are listed. */
const LISTED = 100;
const RANGES = [1, 5, 10];

export function Overview(props: { readonly inspector: Inspector; readonly theme: string }): ReactElement {
  const { inspector, theme } = props;
  const log = useLog(inspector.log);
  const now = useNow(1_000);
  const [minutes, setMinutes] = useState(1);
  const socket = inspector.getSocket();
  const phase = phaseOf(inspector);
  const isUp = phase === 'open' || phase === 'connecting';
  const isOver = phase === 'closing' || phase === 'closed';
  const states = log.states.toArray(LISTED);
  const from = now - minutes * 60_000;

  return (
    <div className="overview">
      <div className="bar">
        <h3>Timeline</h3>
        <select aria-label="Time shown" value={minutes} onChange={(event) => setMinutes(Number(event.target.value))}>
          {RANGES.map((range) => (
            <option key={range} value={range}>
              {range} min
            </option>
          ))}
        </select>
        {socket === null ? null : (
          <div className="buttons" role="group" aria-label="Connection">
            <button type="button" disabled={isOver || isUp} onClick={() => socket.connect()}>
              Connect
            </button>
            <button type="button" disabled={isOver || phase === 'paused'} onClick={() => socket.pause()}>
              Pause
            </button>
            <button type="button" disabled={isOver} onClick={() => socket.reconnect()}>
              Reconnect
            </button>
          </div>
        )}
      </div>
      <Timeline log={log} from={from} to={now} />
      <Plots log={log} isTapped={inspector.isTapped()} from={from} to={now} theme={theme} />
      <div className="columns">
        <section aria-label="State changes">
          <h3>State changes</h3>
          <Rows
            items={states}
            before={log.states.pushed - states.length}
            row={(state, next) => <Change state={state} until={next?.at ?? now} />}
          />
        </section>
        <section aria-label="Records">
          <h3>Records</h3>
          <Records inspector={inspector} />
        </section>
      </div>
    </div>
  );
}

function Change({ state, until }: { readonly state: StateRecord; readonly until: number }): ReactElement {
  return (
    <>
      <time className="clock">{formatClock(state.at)}</time>
      <span className="took">{formatDuration(until - state.at)}</span>
      <PhaseBadge phase={state.phase} />
      <span className="why">
        {state.reason}
        {state.code === null ? '' : ` · ${state.code}`}
        {state.attempt > 0 ? ` · attempt ${state.attempt}` : ''}
      </span>
    </>
  );
}
