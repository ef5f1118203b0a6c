import type { ConnectionState, Phase } from '@holdfast/core';
import type { ReactElement } from 'react';
import { explain } from '../conversation/explain.ts';
import { Icon, type IconName } from './icon.tsx';

export const phaseIcons: { readonly [phase in Phase]: IconName } = {
  idle: 'power',
  connecting: 'retry',
  open: 'link',
  waiting: 'clock',
  paused: 'pause',
  suspended: 'stop',
  closing: 'power',
  closed: 'power',
};

export function PhaseBadge({ state }: { readonly state: ConnectionState }): ReactElement {
  const { word, tone } = explain(state);
  return (
    <span className={`badge tone-${tone} phase-${state.phase}`}>
      <Icon name={phaseIcons[state.phase]} />
      {word}
    </span>
  );
}
