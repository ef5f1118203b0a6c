import type { Phase } from '@holdfast/core';
import type { ReactElement } from 'react';
import type { InspectorLog } from '../record/log.ts';
import type { StateRecord } from '../record/records.ts';
import { describeChange } from './describe-state.ts';
import { formatClock, formatLong } from './format.ts';

interface Stretch {
  readonly state: StateRecord;
  readonly from: number;
  readonly to: number;
}

/** What is drawn alike stands once. */
const LEGEND: readonly (readonly [phase: Phase, name: string, about: string])[] = [
  ['open', 'open', 'Messages flow'],
  ['connecting', 'connecting', 'A connection is being made'],
  ['waiting', 'waiting', 'It tries again by itself, later'],
  ['paused', 'paused', 'By the app, or a page that is frozen or hidden'],
  ['suspended', 'suspended', 'It gave up until connect(), or a signal of page or network'],
  ['closed', 'idle or closed', 'Not started, or over'],
];

/** Bands with a colour, a pattern and a name each: which phase the connection was in; marks where a fault was made here. */
export function Timeline(props: {
  readonly log: InspectorLog;
  readonly from: number;
  readonly to: number;
}): ReactElement {
  const { log, from, to } = props;
  const share = (ms: number): string => (Math.max(0, ms / (to - from)) * 100).toFixed(3);
  // By transforms: what moves with the time is not laid out again.
  const place = (at: number): string => `translateX(${share(at - from)}cqw)`;
  const stretches = stretchesOf(log.states.toArray(), from, to);
  const faults = log.events.toArray().filter(({ name, timestamp }) => name.startsWith('fault.') && timestamp >= from);
  return (
    <div className="timeline">
      <div className="bands" role="img" aria-label={inWords(stretches, to - from)}>
        {stretches.map(({ state, from: start, to: end }) => (
          <div
            key={`${state.at} ${state.phase}`}
            className="band"
            data-phase={state.phase}
            style={{ transform: place(start), width: `${share(end - start)}%` }}
            title={`${state.phase} for ${formatLong(end - start)}, from ${formatClock(state.at)}: ${describeChange(state)}`}
          >
            <span>{state.phase}</span>
          </div>
        ))}
        {faults.map(({ name, timestamp, message }, index) => (
          <div
            key={`${timestamp} ${index}`}
            className="fault"
            style={{ transform: place(timestamp) }}
            title={`${name} ${message} at ${formatClock(timestamp)}`}
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

export function Legend(): ReactElement {
  return (
    <ul className="legend" aria-label="What the timeline shows">
      {LEGEND.map(([phase, name, about]) => (
        <li key={phase} title={about}>
          <span className="band swatch" data-phase={phase} />
          {name}
        </li>
      ))}
      <li title="A button of the view Faults, or code that did the same">
        <span className="fault swatch" />
        fault made here
      </li>
    </ul>
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
