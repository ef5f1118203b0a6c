import type { ReactElement } from 'react';
import type { InspectorLog } from '../record/log.ts';
import type { StateRecord } from '../record/records.ts';
import { formatClock, formatLong } from './format.ts';

interface Stretch {
  readonly state: StateRecord;
  readonly from: number;
  readonly to: number;
}

const WIDTH = 1_000;

/** Bands of colour: which phase the connection was in, and when a fault was made here. */
export function Timeline(props: {
  readonly log: InspectorLog;
  readonly from: number;
  readonly to: number;
}): ReactElement {
  const { log, from, to } = props;
  const place = (at: number): number => Math.max(0, ((at - from) / (to - from)) * WIDTH);
  const stretches = stretchesOf(log.states.toArray(), from, to);
  const faults = log.events.toArray().filter(({ name, timestamp }) => name.startsWith('fault.') && timestamp >= from);
  return (
    <div className="timeline">
      <svg
        className="bands"
        role="img"
        aria-label={inWords(stretches, to - from)}
        viewBox={`0 0 ${WIDTH} 1`}
        preserveAspectRatio="none"
      >
        {stretches.map(({ state, from: start, to: end }) => (
          <rect
            key={`${state.at} ${state.phase} ${end}`}
            className="band"
            data-phase={state.phase}
            x={place(start)}
            width={Math.max(2, place(end) - place(start))}
            height="1"
          >
            <title>{`${state.phase} (${state.reason}${state.code === null ? '' : `, ${state.code}`}) for ${formatLong(end - start)}, from ${formatClock(state.at)}`}</title>
          </rect>
        ))}
        {faults.map(({ name, timestamp, message }, index) => (
          <line
            key={`${timestamp} ${index}`}
            className="fault"
            x1={place(timestamp)}
            x2={place(timestamp)}
            y2="1"
            vectorEffect="non-scaling-stroke"
          >
            <title>{`${name} ${message} at ${formatClock(timestamp)}`}</title>
          </line>
        ))}
      </svg>
      <div className="ticks" aria-hidden="true">
        {[0, 0.25, 0.5, 0.75].map((part) => (
          <span key={part} style={{ left: `${part * 100}%` }}>
            −{formatLong((1 - part) * (to - from))}
          </span>
        ))}
        <span className="end">now</span>
      </div>
    </div>
  );
}

function stretchesOf(states: readonly StateRecord[], from: number, to: number): Stretch[] {
  return states
    .map((state, index) => ({
      state,
      from: Math.max(from, state.at),
      to: Math.min(to, states[index + 1]?.at ?? to),
    }))
    .filter((stretch) => stretch.to > stretch.from);
}

function inWords(stretches: readonly Stretch[], range: number): string {
  const times = new Map<string, number>();
  for (const { state, from, to } of stretches) times.set(state.phase, (times.get(state.phase) ?? 0) + to - from);
  const parts = [...times].map(([phase, ms]) => `${phase} ${formatLong(ms)}`);
  return `The last ${formatLong(range)}: ${parts.join(', ') || 'nothing'}`;
}
