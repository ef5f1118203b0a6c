import type { ReactElement } from 'react';

const paths = {
  burst: 'M4 7h9M4 12h14M4 17h9M16 8l4 4-4 4',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  clock: 'M12 7.5V12l3 2M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z',
  cut: 'M20 5 8.1 15.9M20 19 8.1 8.1M6 9a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM6 20a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z',
  disk: 'M5 4h11l3 3v13H5ZM8 4v5h7V4M8 20v-6h8v6',
  freeze: 'M12 3v18M4.2 7.5l15.6 9M4.2 16.5l15.6-9M9.5 4.5 12 7l2.5-2.5M9.5 19.5 12 17l2.5 2.5',
  link: 'M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 0 0 11 18.7l1-1',
  page: 'M4 5h16v11H4ZM9 20h6M12 16v4',
  pause: 'M9 6v12M15 6v12',
  power: 'M12 3v8M6.5 7a8 8 0 1 0 11 0',
  refuse: 'M5.6 5.6l12.8 12.8M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z',
  retry: 'M20 12a8 8 0 1 1-2.3-5.7L20 8.5M20 4v4.5h-4.5',
  send: 'M4 12 20 4l-5 16-3.5-6.5Z',
  server: 'M4 4h16v6H4ZM4 14h16v6H4ZM8 7h.01M8 17h.01',
  stop: 'M8 4h8l4 4v8l-4 4H8l-4-4V8ZM12 8v5M12 16h.01',
  wire: 'M3 12h4l2-5 4 10 3-8 1.5 3H21',
} as const;

export type IconName = keyof typeof paths;

/** A drawing that says again what the words beside it say. */
export function Icon({ name }: { readonly name: IconName }): ReactElement {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
