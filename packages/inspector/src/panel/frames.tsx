import { useDeferredValue, useState, type ReactElement } from 'react';
import type { Inspector } from '../record/inspector.ts';
import type { Direction, FrameRecord } from '../record/records.ts';
import { formatBytes, formatClock, formatCount } from './format.ts';
import { FrameList } from './frame-list.tsx';
import { Untapped } from './untapped.tsx';
import { useLog } from './use-log.ts';

/** Kinds that come all the time, and seldom say something. */
const HEARTBEATS = new Set(['ping', 'pong']);
const QUIET = 'all but heartbeats';

interface Filters {
  readonly direction: Direction | 'both';
  readonly kind: string;
  readonly text: string;
}

export function Frames({ inspector }: { readonly inspector: Inspector }): ReactElement {
  useLog(inspector.log);
  return inspector.isTapped() ? <FrameLog inspector={inspector} /> : <Untapped what="Frames" />;
}

function FrameLog({ inspector }: { readonly inspector: Inspector }): ReactElement {
  const { frames } = inspector.log;
  const [filters, setFilters] = useState<Filters>({ direction: 'both', kind: QUIET, text: '' });
  const [paused, setPaused] = useState<readonly FrameRecord[] | null>(null);
  const [selected, setSelected] = useState<FrameRecord | null>(null);
  const all = paused ?? frames.toArray();
  const deferred = useDeferredValue(filters);
  const found = all.filter((frame) => matches(frame, deferred));
  const kinds = [...new Set(all.map(({ kind }) => kind))].sort();
  if (filters.kind !== QUIET && filters.kind !== '' && !kinds.includes(filters.kind)) kinds.push(filters.kind);
  const change = (part: Partial<Filters>): void => setFilters((before) => ({ ...before, ...part }));

  return (
    <div className="frames">
      <div className="toolbar">
        <input
          type="search"
          placeholder="Filter by text"
          aria-label="Filter frames by text"
          value={filters.text}
          onChange={(event) => change({ text: event.target.value })}
        />
        <select
          aria-label="Direction"
          value={filters.direction}
          onChange={(event) => change({ direction: event.target.value as Filters['direction'] })}
        >
          <option value="both">Both ways</option>
          <option value="up">Up</option>
          <option value="down">Down</option>
        </select>
        <select aria-label="Kind" value={filters.kind} onChange={(event) => change({ kind: event.target.value })}>
          <option value={QUIET}>No heartbeats</option>
          <option value="">All kinds</option>
          {kinds.map((kind) => (
            <option key={kind} value={kind}>
              {kind}
            </option>
          ))}
        </select>
        <span className="summary">
          {
            // One text: of several the later ones would move.
            `${formatCount(found.length)} of ${formatCount(all.length)}${frames.dropped > 0 ? `, ${formatCount(frames.dropped)} older ones are gone` : ''}`
          }
        </span>
        <button
          type="button"
          aria-pressed={paused !== null}
          onClick={() => setPaused(paused === null ? frames.toArray() : null)}
        >
          {paused === null ? 'Pause' : 'Go on'}
        </button>
        <button
          type="button"
          onClick={() => {
            inspector.log.clear();
            setPaused(null);
            setSelected(null);
          }}
        >
          Clear
        </button>
      </div>
      <div className="split">
        <FrameList frames={found} selected={selected} onSelect={setSelected} />
        {selected === null ? null : <Detail frame={selected} onClose={() => setSelected(null)} />}
      </div>
    </div>
  );
}

function matches({ direction, kind, text, payload }: FrameRecord, filters: Filters): boolean {
  if (filters.direction !== 'both' && direction !== filters.direction) return false;
  if (filters.kind === QUIET ? HEARTBEATS.has(kind) : filters.kind !== '' && kind !== filters.kind) return false;
  const wanted = filters.text.trim().toLowerCase();
  return wanted === '' || `${kind} ${text} ${payload ?? ''}`.toLowerCase().includes(wanted);
}

function Detail({ frame, onClose }: { readonly frame: FrameRecord; readonly onClose: () => void }): ReactElement {
  const carries = ['message', 'text', 'binary', 'refusal'].includes(frame.kind);
  return (
    <section className="detail" aria-label="Frame">
      <dl>
        <dt>Kind</dt>
        <dd>
          {frame.kind}, {frame.direction === 'up' ? 'up to the server' : 'down from the server'}
        </dd>
        <dt>Time</dt>
        <dd className="clock">{formatClock(frame.at)}</dd>
        <dt>Connection</dt>
        <dd>#{frame.connection}</dd>
        <dt>Size</dt>
        <dd>{formatBytes(frame.bytes)}</dd>
        {frame.text === '' ? null : (
          <>
            <dt>Says</dt>
            <dd>{frame.text}</dd>
          </>
        )}
      </dl>
      {frame.payload !== null ? (
        <pre tabIndex={0} aria-label="Payload">
          <code>{frame.payload}</code>
        </pre>
      ) : carries ? (
        <p className="hint">
          What it carries is hidden. <code>{'createInspector({ payloads: true })'}</code> shows it.
        </p>
      ) : null}
      <button type="button" onClick={onClose}>
        Close
      </button>
    </section>
  );
}
