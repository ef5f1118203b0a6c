import type { ReactElement } from 'react';
import type { Inspector } from '../record/inspector.ts';
import { About, type Column } from './about.tsx';
import { formatClock } from './format.ts';
import { Rows } from './rows.tsx';
import { Untapped } from './untapped.tsx';
import { useLog } from './use-log.ts';

const LISTED = 100;

const COLUMNS: readonly Column[] = [
  { name: 'Time', about: 'When the page heard it, in its zone.' },
  {
    name: 'Signal',
    about:
      'online and offline: of the browser, which may be wrong. hidden and visible: of the tab. frozen and resumed: the page stood still. woke: the device slept. network: it is another one. focus: the window came to the front.',
  },
  { name: 'Made by', about: 'The browser, or a button of the view Faults.' },
];

/** What page and network have told. */
export function Signals({ inspector }: { readonly inspector: Inspector }): ReactElement {
  const log = useLog(inspector.log);
  if (!inspector.isTapped()) return <Untapped what="What page and network tell is listed" />;
  const signals = log.signals.toArray(LISTED);
  return (
    <div className="signals">
      <h3>Page and network now</h3>
      <dl className="facts">
        {Object.entries(facts(inspector)).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <About
        title="Signals"
        text="What the browser has told, on which the socket acts; the newest first."
        columns={COLUMNS}
      />
      {signals.length === 0 ? (
        <p className="empty">
          None yet: the page has been visible and online. Another tab in front, or a lost network, would stand here.
        </p>
      ) : (
        <Rows
          kind="signals"
          columns={COLUMNS}
          items={signals}
          before={log.signals.pushed - signals.length}
          row={({ at, fact, isFault }) => (
            <>
              <time className="clock">{formatClock(at)}</time>
              <span className="badge">{fact}</span>
              <span className="why">{isFault ? 'a fault made here' : 'the browser'}</span>
            </>
          )}
        />
      )}
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
