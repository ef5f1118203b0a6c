import type { ReactElement } from 'react';
import { useStore } from '../lib/use-store.ts';
import { BOARD_HEIGHT, BOARD_WIDTH } from '../messages.ts';
import type { LiveRoom } from './live.ts';
import { colorOf } from './paint.ts';

const MOST = 30;

/** Where the others point. */
export function Cursors({ live }: { readonly live: LiveRoom }): ReactElement {
  const { cursors } = useStore(live.store);
  return (
    <div className="cursors" aria-hidden="true" data-testid="cursors">
      {cursors.slice(-MOST).map(({ id, x, y, hue }) => (
        <svg
          key={id}
          viewBox="0 0 24 24"
          style={{
            left: `${(x / BOARD_WIDTH) * 100}%`,
            top: `${(y / BOARD_HEIGHT) * 100}%`,
            color: colorOf(hue, false),
          }}
        >
          <path d="M3 2.5 20 10l-7.2 2.4L10 20Z" />
        </svg>
      ))}
    </div>
  );
}
