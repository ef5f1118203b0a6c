import type { Phase } from '@holdfast/core';
import type { IconName } from './icon.tsx';

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
