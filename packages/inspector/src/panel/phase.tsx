import type { Phase } from '@holdfast/core';
import type { ReactElement } from 'react';
import type { Inspector } from '../record/inspector.ts';
import type { StateRecord } from '../record/records.ts';

/** The state that is known last; null: none yet. */
export function stateOf(inspector: Inspector): StateRecord | null {
  const state = inspector.getSocket()?.getState();
  if (state === undefined) return inspector.log.states.last ?? null;
  return { ...state, at: state.since, code: state.error?.code ?? null };
}

export function phaseOf(inspector: Inspector): Phase {
  return stateOf(inspector)?.phase ?? 'idle';
}

const OVER = <circle cx="5" cy="5" r="3.75" fill="none" stroke="currentColor" strokeWidth="1.5" />;

/** A shape for each phase: its colour alone would not tell everyone. */
const SHAPES: { readonly [Name in Phase]: ReactElement } = {
  open: <circle cx="5" cy="5" r="4.5" fill="currentColor" />,
  connecting: (
    <circle cx="5" cy="5" r="3.75" fill="none" stroke="currentColor" strokeWidth="1.5" strokeDasharray="3.9 2" />
  ),
  waiting: (
    <>
      {OVER}
      <path d="M5 1.25a3.75 3.75 0 0 1 0 7.5z" fill="currentColor" />
    </>
  ),
  paused: <path d="M1.5 1h2.5v8h-2.5zM6 1h2.5v8h-2.5z" fill="currentColor" />,
  suspended: <path d="M5 .5l4.8 8.8h-9.6z" fill="currentColor" />,
  idle: OVER,
  closing: OVER,
  closed: OVER,
};

export function PhaseMark({ phase }: { readonly phase: Phase }): ReactElement {
  return (
    <svg className="phase-mark" data-phase={phase} viewBox="0 0 10 10" width="10" height="10" aria-hidden="true">
      {SHAPES[phase]}
    </svg>
  );
}

export function PhaseBadge({ phase }: { readonly phase: Phase }): ReactElement {
  return (
    <span className="badge" data-phase={phase}>
      <PhaseMark phase={phase} />
      {phase}
    </span>
  );
}
