import type { ReactElement } from 'react';
import type { InspectorLog } from '../record/log.ts';
import type { StateRecord } from '../record/records.ts';
import { formatClock, formatLong } from './format.ts';

interface Stretch {
  readonly state: StateRecord;
  readonly from: number;
  readonly to: number;
}

/** Bands of colour: which phase the connection was in, and when a fault was made here. */
export function Timeline(props: {
  readonly log: InspectorLog;
  readonly from: number;
  readonly to: number;
}): ReactElement {
  const { log, from, to } = props;
  const place = (at: number): string => `${Math.max(0, ((at - from) / (to - from)) * 100)}%`;
  const stretches = stretchesOf(log.states.toArray(), from, to);
  const faults = log.events.toArray().filter(({ name, timestamp }) => name.startsWith('fault.') && timestamp >= from);
  return (
    <div className="timeline">
      <div className="bands" role="img" aria-label={inWords(stretches, to - from)}>
        {stretches.map(({ state, from: start, to: end }) => (
          <span
            key={`${state.at} ${state.phase} ${start}`}
            className="band"
            data-phase={state.phase}
            style={{ left: place(start), width: `${((end - start) / (to - from)) * 100}%` }}
            title={`${state.phase} (${state.reason}${state.code === null ? '' : `, ${state.code}`}) for ${formatLong(end - start)}, from ${formatClock(state.at)}`}
          />
        ))}
        {faults.map(({ name, timestamp }, index) => (
          <span
            key={`${timestamp} ${index}`}
            className="fault"
            style={{ left: place(timestamp) }}
            title={`${name} at ${formatClock(timestamp)}`}
          />
        ))}
      </div>
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
