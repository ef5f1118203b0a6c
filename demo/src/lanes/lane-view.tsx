import { type ReactElement, useCallback } from 'react';
import { fit, isOddStrand, paint, type Stroke, wipe } from '../board/paint.ts';
import { useCanvas } from '../board/use-canvas.ts';
import { formatCount } from '../lib/format.ts';
import { BOARD_WIDTH, type LaneName, type LaneRecord } from '../messages.ts';
import { ARRIVED, LOST, OPEN, type Fate, type Trail } from './trail.ts';

interface LaneViewProps {
  readonly lane: LaneName;
  readonly title: string;
  readonly how: string;
  /** `open`, or what it is instead. */
  readonly state: string;
  /** Whether the proxy swallows or holds what open connections carry. */
  readonly isWireDead: boolean;
  readonly record: LaneRecord | null;
  /** How many of those that never came were not stored when a page was reloaded. */
  readonly unsaved: number;
  /** How many messages this run has sent by each lane. */
  readonly sent: number;
  readonly trail: Trail;
  readonly watch: (changed: () => void) => () => void;
  readonly now: number;
}

const PAINT_MS = 100;
/** What is out for longer than this is late: a sound connection brings it within a fraction of a second. */
const LATE_MS = 3_000;
/** Messages on the small board, and ticks on the strip. */
const SHOWN = 520;
const TICKS = 120;
/** As the board has them, or as many pixels where the board is small. */
const ROPE = { units: 26, pixels: 1.4 };
const LOST_DOT = { units: 12, pixels: 1.3 };
const LOST_COLOR = '#ff6b5e';

const STUCK = 'open, but nothing comes through: it does not know';
const WHY_UNSAVED =
  'What the browser has confirmed as stored survives a reload. These were sent in the last milliseconds before one, or while storage failed: they were not stored yet, and the server never got them.';

/** One lane: what the server got of the last strokes, and its count. */
export function LaneView(props: LaneViewProps): ReactElement {
  const { lane, title, how, state, isWireDead, record, unsaved, sent, trail, watch, now } = props;
  const paintTrail = useCallback((canvas: HTMLCanvasElement) => paintBoard(canvas, trail, lane), [trail, lane]);
  const paintTicks = useCallback((canvas: HTMLCanvasElement) => paintStrip(canvas, trail, lane), [trail, lane]);
  const board = useCanvas(watch, paintTrail, PAINT_MS);
  const strip = useCanvas(watch, paintTicks, PAINT_MS);
  const arrived = record === null ? 0 : record.received - record.doubled;
  const missing = record?.missing ?? 0;
  const lost = Math.max(0, missing - unsaved);
  const doubled = record?.doubled ?? 0;
  const outOfOrder = record?.outOfOrder ?? 0;
  const due = Math.max(0, sent - arrived - missing);
  const since = trail.waitsSince(lane);
  // The trail knows what the record says before it is shown here, and nothing of the page before a reload.
  const isLong = since === null ? trail.last === 0 : now - since > LATE_MS;
  // Holdfast says itself what it noticed.
  const isStuck = lane !== 'holdfast' && state === 'open' && isWireDead && since !== null && now - since > LATE_MS;
  const isLate = record !== null && due > 0 && isLong;
  return (
    <li className="lane" data-lane={lane}>
      <canvas className="lane-board" ref={board} aria-hidden="true" />
      <div className="lane-head">
        <h3>{title}</h3>
        <p className="lane-facts">
          <span className={`lane-state ${state === 'open' ? 'is-open' : ''} ${isStuck ? 'is-stuck' : ''}`}>
            {isStuck ? 'open, silent' : state}
          </span>
          <span className="lane-arrived">
            arrived <b data-testid={`${lane}-arrived`}>{formatCount(arrived)}</b>
          </span>
        </p>
        {unsaved === 0 ? (
          <p className="lane-how">{isStuck ? STUCK : how}</p>
        ) : (
          <UnsavedNote lane={lane} amount={unsaved} />
        )}
      </div>
      <dl className="lane-counts">
        <Count lane={lane} name="lost" value={lost} tone={toneOf(lost)} />
        <Count lane={lane} name="doubled" value={doubled} tone={toneOf(doubled)} />
        <Count lane={lane} name="out of order" value={outOfOrder} tone={toneOf(outOfOrder)} />
        <Count lane={lane} name="not there yet" value={due} tone={isLate ? 'is-late' : 'is-plain'} />
      </dl>
      <canvas className="lane-strip" ref={strip} aria-hidden="true" />
    </li>
  );
}

function UnsavedNote({ lane, amount }: { readonly lane: LaneName; readonly amount: number }): ReactElement {
  return (
    <p className="lane-how is-note" title={WHY_UNSAVED} data-testid={`${lane}-unsaved`}>
      {formatCount(amount)} not yet saved<span className="when-roomy"> when the page was reloaded</span>
    </p>
  );
}

interface CountProps {
  readonly lane: LaneName;
  readonly name: string;
  readonly value: number;
  readonly tone: string;
}

const toneOf = (faults: number): string => (faults === 0 ? 'is-clean' : 'is-bad');

function Count({ lane, name, value, tone }: CountProps): ReactElement {
  return (
    <div className={tone}>
      <dt>{name}</dt>
      <dd data-testid={`${lane}-${name.replaceAll(' ', '-')}`} className={value < 10_000 ? '' : 'is-long'}>
        {formatCount(value)}
      </dd>
    </div>
  );
}

function paintBoard(canvas: HTMLCanvasElement, trail: Trail, lane: LaneName): void {
  fit(canvas);
  const context = canvas.getContext('2d');
  if (context === null) return;
  wipe(context);
  paint(context, trailOf(trail, lane, OPEN), { width: 9, alpha: 0.22 });
  const pixel = BOARD_WIDTH / Math.max(1, canvas.clientWidth);
  const sizeOf = ({ units, pixels }: typeof ROPE): number => Math.max(units, pixels * pixel);
  paint(context, trailOf(trail, lane, ARRIVED), { width: sizeOf(ROPE), alpha: 1 });
  // Dots, not only a colour.
  context.fillStyle = LOST_COLOR;
  for (const { line } of trailOf(trail, lane, LOST)) {
    context.beginPath();
    context.arc((line[0] + line[2]) / 2, (line[1] + line[3]) / 2, sizeOf(LOST_DOT), 0, 7);
    context.fill();
  }
}

function* trailOf(trail: Trail, lane: LaneName, fate: Fate): Iterable<Stroke> {
  for (let number = Math.max(trail.first, trail.last - SHOWN + 1); number <= trail.last; number += 1) {
    const line = trail.line(number);
    if (line !== null && trail.fate(lane, number) === fate) yield { ...line, isOdd: isOddStrand(number) };
  }
}

/** The newest messages as ticks, the newest at the right: arrived, lost, or not there yet. */
function paintStrip(canvas: HTMLCanvasElement, trail: Trail, lane: LaneName): void {
  fit(canvas);
  const context = canvas.getContext('2d');
  if (context === null) return;
  const { width, height } = canvas;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, width, height);
  const step = width / TICKS;
  for (let tick = 0; tick < TICKS; tick += 1) {
    const number = trail.last - tick;
    if (number < trail.first || number < 1) break;
    const fate = trail.fate(lane, number);
    const share = fate === ARRIVED ? 1 : fate === LOST ? 0.3 : 0.14;
    context.fillStyle = fate === ARRIVED ? '#5fe0c0' : fate === LOST ? LOST_COLOR : '#8aa6a8';
    context.fillRect(width - (tick + 1) * step, height * (1 - share), Math.max(1, step * 0.62), height * share);
  }
}
