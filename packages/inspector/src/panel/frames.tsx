import { useDeferredValue, useRef, useState, type KeyboardEvent, type ReactElement } from 'react';
import type { Inspector } from '../record/inspector.ts';
import type { Direction, FrameRecord } from '../record/records.ts';
import { About } from './about.tsx';
import { formatBytes, formatClock, formatCount } from './format.ts';
import { COLUMNS, FrameList } from './frame-list.tsx';
import { SearchField } from './search-field.tsx';
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
  return inspector.isTapped() ? (
    <FrameLog inspector={inspector} />
  ) : (
    <Untapped what="What goes over the WebSocket is listed, frame by frame," />
  );
}

function FrameLog({ inspector }: { readonly inspector: Inspector }): ReactElement {
  const { frames } = inspector.log;
  const [filters, setFilters] = useState<Filters>({ direction: 'both', kind: QUIET, text: '' });
  const [paused, setPaused] = useState<readonly FrameRecord[] | null>(null);
  const [selected, setSelected] = useState<FrameRecord | null>(null);
  const split = useRef<HTMLDivElement>(null);
  const all = paused ?? frames.toArray();
  const deferred = useDeferredValue(filters);
  const found = all.filter((frame) => matches(frame, deferred));
  const kinds = [...new Set(all.map(({ kind }) => kind))].sort();
  if (filters.kind !== QUIET && filters.kind !== '' && !kinds.includes(filters.kind)) kinds.push(filters.kind);
  const change = (part: Partial<Filters>): void => setFilters((before) => ({ ...before, ...part }));

  const deselect = (): void => {
    setSelected(null);
    split.current?.querySelector<HTMLElement>('[role=listbox]')?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || selected === null) return;
    event.preventDefault();
    deselect();
  };

  return (
    <div className="frames">
      <About title="Frames" text="What goes over the WebSocket, frame by frame, the newest last." columns={COLUMNS} />
      <div className="toolbar">
        <SearchField
          label="Filter frames by text"
          placeholder="Filter by text"
          value={filters.text}
          onSearch={(text) => change({ text })}
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
            `${formatCount(found.length)} of ${formatCount(all.length)} frames${frames.dropped > 0 ? `, ${formatCount(frames.dropped)} older ones are gone` : ''}`
          }
        </span>
        <button
          type="button"
          aria-pressed={paused !== null}
          title="The list stands still; what comes is kept for later"
          onClick={() => setPaused(paused === null ? frames.toArray() : null)}
        >
          {paused === null ? 'Pause' : 'Go on'}
        </button>
        <button
          type="button"
          title="Forget these frames; the other views keep what they show"
          onClick={() => {
            inspector.log.clearFrames();
            setPaused(null);
            setSelected(null);
          }}
        >
          Clear
        </button>
      </div>
      <div className="split" ref={split} onKeyDown={onKeyDown}>
        <FrameList
          frames={found}
          empty={
            all.length === 0
              ? 'No frame yet: each one stands here, from the moment it is sent or has come.'
              : 'No frame is like that: other filters show more.'
          }
          selected={selected}
          onSelect={setSelected}
        />
        {selected === null ? null : <Detail frame={selected} onClose={deselect} />}
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
