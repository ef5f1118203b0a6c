import type { ReactElement } from 'react';
import type { Inspector } from '../record/inspector.ts';
import { formatClock } from './format.ts';
import { Rows } from './rows.tsx';
import { Untapped } from './untapped.tsx';
import { useLog } from './use-log.ts';

const LISTED = 100;

/** What page and network have told. */
export function Signals({ inspector }: { readonly inspector: Inspector }): ReactElement {
  const log = useLog(inspector.log);
  if (!inspector.isTapped()) return <Untapped what="What page and network tell" />;
  const signals = log.signals.toArray(LISTED);
  return (
    <div className="signals">
      <dl className="facts">
        {Object.entries(facts(inspector)).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <h3>Signals</h3>
      {signals.length === 0 ? <p className="empty">Nothing yet: this page has been visible and online.</p> : null}
      <Rows
        items={signals}
        before={log.signals.pushed - signals.length}
        row={({ at, fact, isFault }) => (
          <>
            <time className="clock">{formatClock(at)}</time>
            <span className="badge">{fact}</span>
            <span className="why">{isFault ? 'made here' : ''}</span>
          </>
        )}
      />
    </div>
  );
}

/** How page and network are now, as far as the browser tells. */
function facts(inspector: Inspector): { readonly [name: string]: string } {
  const { connection } = navigator as { connection?: { readonly effectiveType?: string; readonly type?: string } };
  const network = connection?.type ?? connection?.effectiveType;
  const isOnline = navigator.onLine && !inspector.faults.state.isOffline;
  return {
    Browser: isOnline ? 'online' : 'offline',
    Page: document.hidden ? 'hidden' : 'visible',
    Focus: document.hasFocus() ? 'here' : 'elsewhere',
    ...(network !== undefined && { Network: network }),
    'Web Locks': 'locks' in navigator ? 'there' : 'missing',
  };
}
