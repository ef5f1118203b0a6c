import { useState, type ReactElement } from 'react';
import type { Inspector } from '../record/inspector.ts';
import type { InspectableSocket } from '../record/records.ts';
import { About, type Column } from './about.tsx';
import { ActionButton } from './action-button.tsx';
import { describeChange, describeState } from './describe-state.ts';
import { formatClock, formatDuration } from './format.ts';
import { PhaseBadge, phaseOf, stateOf } from './phase.tsx';
import { Plots } from './plots.tsx';
import { Records } from './records-list.tsx';
import { Rows } from './rows.tsx';
import { Legend, Timeline } from './timeline.tsx';
import { useLog, useNow } from './use-log.ts';

/** How many of the last changes are listed. */
const LISTED = 100;
const RANGES = [1, 5, 10];

const CHANGES: readonly Column[] = [
  { name: 'Time', about: 'When it began, in the zone of this page.' },
  { name: 'Lasted', about: 'Until the next change, or until now.' },
  { name: 'Phase', about: 'What the connection did, as getState().phase.' },
  { name: 'Why', about: 'The reason, the code of the error that led there, and how many tries had failed by then.' },
];

export function Overview(props: { readonly inspector: Inspector; readonly theme: string }): ReactElement {
  const { inspector, theme } = props;
  const log = useLog(inspector.log);
  const now = useNow(1_000);
  const [minutes, setMinutes] = useState(1);
  const socket = inspector.getSocket();
  const states = log.states.toArray(LISTED);
  const from = now - minutes * 60_000;

  return (
    <div className="overview">
      <div className="bar">
        <p className="sentence">{describeState(stateOf(inspector), now)}</p>
        {socket === null ? null : <Actions inspector={inspector} socket={socket} />}
      </div>
      <section aria-label="Timeline">
        <div className="bar">
          <h3>Timeline</h3>
          <select aria-label="Time shown" value={minutes} onChange={(event) => setMinutes(Number(event.target.value))}>
            {RANGES.map((range) => (
              <option key={range} value={range}>
                Last {range === 1 ? 'minute' : `${range} minutes`}
              </option>
            ))}
          </select>
          <Legend />
        </div>
        <Timeline log={log} from={from} to={now} />
      </section>
      <Plots log={log} isTapped={inspector.isTapped()} from={from} to={now} theme={theme} />
      <div className="columns">
        <section aria-label="State changes">
          <About title="State changes" text="Every phase of the connection, the newest first." columns={CHANGES} />
          <Rows
            kind="changes"
            columns={CHANGES}
            items={states}
            before={log.states.pushed - states.length}
            row={(state, next) => (
              <>
                <time className="clock">{formatClock(state.at)}</time>
                <span className="took">{formatDuration((next?.at ?? now) - state.at)}</span>
                <PhaseBadge phase={state.phase} />
                <span className="why" title={describeChange(state)}>
                  {describeChange(state)}
                </span>
              </>
            )}
          />
        </section>
        <section aria-label="Records">
          <Records inspector={inspector} />
        </section>
      </div>
    </div>
  );
}

/** What can be asked of the connection. */
function Actions(props: { readonly inspector: Inspector; readonly socket: InspectableSocket }): ReactElement {
  const { inspector, socket } = props;
  const phase = phaseOf(inspector);
  const isUp = phase === 'open' || phase === 'connecting';
  const isOver = phase === 'closing' || phase === 'closed';
  return (
    <div className="buttons" role="group" aria-label="Connection">
      <ActionButton
        isDisabled={isOver || isUp}
        title="connect(): try at once, or go on after a pause"
        onClick={() => socket.connect()}
      >
        Connect
      </ActionButton>
      <ActionButton
        isDisabled={isOver || phase === 'paused'}
        title="pause(): close the connection and keep what is sent until connect()"
        onClick={() => socket.pause()}
      >
        Pause
      </ActionButton>
      <ActionButton
        isDisabled={isOver}
        title="reconnect(): close this connection and make another one"
        onClick={() => socket.reconnect()}
      >
        Reconnect
      </ActionButton>
    </div>
  );
}
