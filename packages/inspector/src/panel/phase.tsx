import type { Phase } from '@holdfast/core';
import type { ReactElement } from 'react';
import type { Inspector } from '../record/inspector.ts';

/** The phase that is known last. */
export function phaseOf(inspector: Inspector): Phase {
  return inspector.getSocket()?.getState().phase ?? inspector.log.states.last?.phase ?? 'idle';
}

export function PhaseBadge({ phase }: { readonly phase: Phase }): ReactElement {
  return (
    <span className="badge" data-phase={phase}>
      <span className="dot" data-phase={phase} />
      {phase}
    </span>
  );
}
