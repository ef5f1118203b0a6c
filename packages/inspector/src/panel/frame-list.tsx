import { memo, useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactElement } from 'react';
import type { FrameRecord } from '../record/records.ts';
import type { Column } from './about.tsx';
import { formatBytes, formatClock } from './format.ts';

const ROW = 24;
/** Rows above and below what can be seen. */
const MORE = 8;

/** What is at the top of what can be seen, and how much of it is above. */
interface Anchor {
  readonly id: number;
  readonly offset: number;
}

export const COLUMNS: readonly Column[] = [
  { name: 'Time', about: 'When it was sent or came, in the zone of this page.' },
  { name: 'Way', about: '↑ up to the server, ↓ down from it.' },
  {
    name: 'Kind',
    about: 'Of holdfast.v1: hello, welcome, message, ack and so on; of any other protocol: text or binary.',
  },
  {
    name: 'What it says',
    about:
      'The numbers in it: seq counts the messages of one producer here, offset those of the server. What a message carries is hidden unless createInspector({ payloads }) shows it.',
  },
  { name: 'Size', about: 'Bytes, before the browser compresses them.', isNumber: true },
  { name: 'Of', about: 'The connection, as numbered in the view Sessions.', isNumber: true },
];

/** Frames by time, of which only those in sight are rendered. At its end it follows what comes. */
export function FrameList(props: {
  readonly frames: readonly FrameRecord[];
  /** What is said when there are none. */
  readonly empty: string;
  readonly selected: FrameRecord | null;
  readonly onSelect: (frame: FrameRecord) => void;
}): ReactElement {
  const { frames, empty, selected, onSelect } = props;
  const scroller = useRef<HTMLDivElement>(null);
  /** Where it was scrolled to, as far as this knows. */
  const known = useRef(0);
  /** It stays where it is while older ones go. Null: the end stays in sight. */
  const [anchor, setAnchor] = useState<Anchor | null>(null);
  const [height, setHeight] = useState(400);
  // Not what the last scroll event told: rows that go move all others before the next one, which WebKitGTK sends late.
  const top = Math.min(anchor === null ? Infinity : topOf(frames, anchor), Math.max(0, frames.length * ROW - height));

  useEffect(() => {
    const box = scroller.current;
    if (box === null) return undefined;
    const resized = new ResizeObserver(() => setHeight(box.clientHeight));
    resized.observe(box);
    return () => resized.disconnect();
  }, []);

  useLayoutEffect(() => {
    const box = scroller.current;
    // The user has scrolled, and the event that says so is still to come.
    if (box === null || Math.abs(box.scrollTop - known.current) > 1) return;
    if (anchor === null) box.scrollTop = box.scrollHeight;
    // A hand that scrolls is not told where it is.
    else if (Math.abs(box.scrollTop - top) >= 1) box.scrollTop = top;
    known.current = box.scrollTop;
  }, [frames, anchor, top]);

  const onScroll = (): void => {
    const box = scroller.current;
    if (box === null) return;
    const { scrollTop, clientHeight, scrollHeight } = box;
    const isAtEnd = scrollTop + clientHeight >= scrollHeight - ROW / 2;
    const first = frames[Math.floor(scrollTop / ROW)];
    known.current = scrollTop;
    const { id, offset }: Anchor = { id: first?.id ?? 0, offset: scrollTop % ROW };
    // Where it is already: no second render for each that comes.
    setAnchor((before) => (isAtEnd ? null : before?.id === id && before.offset === offset ? before : { id, offset }));
  };

  const select = (index: number): void => {
    const frame = frames[index];
    const box = scroller.current;
    if (frame === undefined || box === null) return;
    onSelect(frame);
    if (index * ROW < box.scrollTop) box.scrollTop = index * ROW;
    else if ((index + 1) * ROW > box.scrollTop + box.clientHeight) box.scrollTop = (index + 1) * ROW - box.clientHeight;
    onScroll();
  };
  const at = selected === null ? -1 : frames.findIndex(({ id }) => id === selected.id);
  const onKeyDown = (event: KeyboardEvent): void => {
    const last = frames.length - 1;
    const to = { ArrowDown: at + 1, ArrowUp: at === -1 ? last : at - 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    select(Math.max(0, Math.min(last, to)));
  };

  const from = Math.max(0, Math.floor(top / ROW) - MORE);
  const shown = frames.slice(from, Math.ceil((top + height) / ROW) + MORE);
  return (
    <div className="log">
      <div className="frame heads" aria-hidden="true">
        {COLUMNS.map(({ name, about, isNumber = false }) => (
          <span key={name} className={isNumber ? 'number' : undefined} title={about}>
            {name}
          </span>
        ))}
      </div>
      <div
        ref={scroller}
        className="frame-list"
        role="listbox"
        tabIndex={0}
        aria-label="Frames"
        aria-activedescendant={at === -1 ? undefined : `frame-${selected?.id}`}
        onScroll={onScroll}
        onKeyDown={onKeyDown}
      >
        {frames.length === 0 ? (
          <p className="empty" role="option" aria-selected={false} aria-disabled>
            {empty}
          </p>
        ) : null}
        <div role="presentation" style={{ height: frames.length * ROW }}>
          {shown.map((frame, index) => (
            <div
              key={frame.id}
              id={`frame-${frame.id}`}
              className="frame"
              role="option"
              aria-selected={frame.id === selected?.id}
              aria-posinset={from + index + 1}
              aria-setsize={frames.length}
              style={{ transform: `translateY(${(from + index) * ROW}px)` }}
              onClick={() => select(from + index)}
            >
              <Cells frame={frame} />
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}

function topOf(frames: readonly FrameRecord[], { id, offset }: Anchor): number {
  const at = frames.findIndex((frame) => frame.id >= id);
  // All from there on are gone: a filter hides them.
  if (at === -1) return Infinity;
  return at * ROW + (frames[at]?.id === id ? offset : 0);
}

/** All that the row of one frame says, which never changes. */
const Cells = memo(function Cells({ frame }: { readonly frame: FrameRecord }): ReactElement {
  return (
    <>
      <span className="clock">{formatClock(frame.at)}</span>
      <span className="way" data-direction={frame.direction}>
        <span aria-hidden="true">{frame.direction === 'up' ? '↑' : '↓'}</span>
        <span className="unseen">{frame.direction}</span>
      </span>
      <span className="kind" data-kind={frame.kind}>
        {frame.kind}
      </span>
      <span className="says">
        {frame.text}
        {frame.payload === null ? null : <span className="payload"> {frame.payload.slice(0, 200)}</span>}
      </span>
      <span className="size number">{formatBytes(frame.bytes)}</span>
      <span className="of number">#{frame.connection}</span>
    </>
  );
});
