import type { ReactElement } from 'react';

const paths = {
  clear: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5',
  close: 'M6 6l12 12M18 6 6 18',
  drain: 'M4 6h16M7 11h10M10 16h4M12 20h.01',
  inspect: 'M4 5h16v14H4ZM4 10h16M9 10v9',
  move: 'M4 8h13M13 4l4 4-4 4M20 16H7M11 12l-4 4 4 4',
  offline: 'M4 4l16 16M5 12.5a10 10 0 0 1 4-2.4M9 16a5 5 0 0 1 6 0M13 9.6a10 10 0 0 1 6 2.9M12 19.5h.01',
  pen: 'M4 20l1-4L16 5l3 3L8 19Z',
  people: 'M9 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM3 20a6 6 0 0 1 12 0M16 5.5a3 3 0 0 1 0 5M17.5 14.5A6 6 0 0 1 21 20',
  play: 'M8 5l11 7-11 7Z',
  strand: 'M4 9a11 11 0 0 1 10-2.8M8 13a6 6 0 0 1 4-1M12 18h.01M17 4v8M14 9l3 3 3-3',
  tab: 'M4 6h6l2 3h8v10H4Z',
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
