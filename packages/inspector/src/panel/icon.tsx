import type { ReactElement } from 'react';

const PATHS = {
  floating: 'M2.5 3.5h11v9h-11zM8.5 8h3v2.5h-3z',
  bottom: 'M2.5 3.5h11v9h-11zM2.5 9.5h11',
  right: 'M2.5 3.5h11v9h-11zM9.5 3.5v9',
  close: 'M4 4l8 8M12 4l-8 8',
  copy: 'M5.5 5.5h7v8h-7zM3.5 10.5v-8h7',
  check: 'M3.5 8.5l3 3 6-7',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }): ReactElement {
  return (
    <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path
        d={PATHS[name]}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.3"
        strokeLinejoin="round"
        strokeLinecap="round"
      />
    </svg>
  );
}
