import type { ReactElement } from 'react';
import type { Inspector } from '../record/inspector.ts';
import { formatClock } from './format.ts';
import { Untapped } from './untapped.tsx';
import { useLog } from './use-log.ts';

const LISTED = 100;

/** What page and network have told. */
export function Signals({ inspector }: { readonly inspector: Inspector }): ReactElement {
  const log = useLog(inspector.log);
  if (!inspector.isTapped()) return <Untapped what="What page and network tell" />;
  const signals = log.signals.toArray(LISTED).reverse();
  return (
    <div className="signals">
      <h3>Signals</h3>
      {signals.length === 0 ? <p className="empty">Nothing yet: this page has been visible and online.</p> : null}
      <ol className="changes" reversed>
        {signals.map(({ at, fact, isFault }, index) => (
          <li key={signals.length - index}>
            <time className="clock">{formatClock(at)}</time>
            <span className="badge" data-signal={fact}>
              {fact}
            </span>
            <span className="why">{isFault ? 'made here' : ''}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}
