import { type ReactElement, useCallback } from 'react';
import { fit, isOddStrand, paint, type Stroke, wipe } from '../board/paint.ts';
import { useCanvas } from '../board/use-canvas.ts';
import { formatCount } from '../lib/format.ts';
import type { LaneName, LaneRecord } from '../messages.ts';
import { ARRIVED, LOST, OPEN, type Fate, type Trail } from './trail.ts';

interface LaneViewProps {
  readonly lane: LaneName;
  readonly title: string;
  readonly how: string;
  /** `open`, or what it is instead. */
  readonly state: string;
  readonly record: LaneRecord | null;
  /** How many messages this run has sent by each lane. */
  readonly sent: number;
  readonly trail: Trail;
  readonly watch: (changed: () => void) => () => void;
}

const PAINT_MS = 100;
/** Messages on the small board, and ticks on the strip. */
const SHOWN = 520;
const TICKS = 120;
const LOST_RADIUS = 12;
const LOST_COLOR = '#ff6b5e';

/** One lane: what the server got of the last strokes, and its count. */
export function LaneView({ lane, title, how, state, record, sent, trail, watch }: LaneViewProps): ReactElement {
  const paintTrail = useCallback((canvas: HTMLCanvasElement) => paintBoard(canvas, trail, lane), [trail, lane]);
  const paintTicks = useCallback((canvas: HTMLCanvasElement) => paintStrip(canvas, trail, lane), [trail, lane]);
  const board = useCanvas(watch, paintTrail, PAINT_MS);
  const strip = useCanvas(watch, paintTicks, PAINT_MS);
  const arrived = record === null ? 0 : record.received - record.doubled;
  const lost = record?.missing ?? 0;
  const doubled = record?.doubled ?? 0;
  const outOfOrder = record?.outOfOrder ?? 0;
  const due = Math.max(0, sent - arrived - lost);
  const isHurt = lost + doubled + outOfOrder > 0;
  return (
    <li className={`lane ${isHurt ? 'is-hurt' : ''}`} data-lane={lane}>
      <canvas className="lane-board" ref={board} aria-hidden="true" />
      <div className="lane-head">
        <h3>{title}</h3>
        <span className={`lane-state ${state === 'open' ? 'is-open' : ''}`}>{state}</span>
        <p>{how}</p>
      </div>
      <dl className="lane-counts">
        <Count lane={lane} name="lost" value={lost} isFault />
        <Count lane={lane} name="doubled" value={doubled} isFault />
        <Count lane={lane} name="out of order" value={outOfOrder} isFault />
        <Count lane={lane} name="arrived" value={arrived} />
        <Count lane={lane} name="not there yet" value={due} />
      </dl>
      <canvas className="lane-strip" ref={strip} aria-hidden="true" />
    </li>
  );
}

interface CountProps {
  readonly lane: LaneName;
  readonly name: string;
  readonly value: number;
  readonly isFault?: boolean;
}

function Count({ lane, name, value, isFault = false }: CountProps): ReactElement {
  const tone = isFault ? (value === 0 ? 'is-clean' : 'is-bad') : 'is-plain';
  return (
    <div className={tone}>
      <dt>{name}</dt>
      <dd data-testid={`${lane}-${name.replaceAll(' ', '-')}`}>{formatCount(value)}</dd>
    </div>
  );
}

function paintBoard(canvas: HTMLCanvasElement, trail: Trail, lane: LaneName): void {
  fit(canvas);
  const context = canvas.getContext('2d');
  if (context === null) return;
  wipe(context);
  paint(context, trailOf(trail, lane, OPEN), { width: 9, alpha: 0.22 });
  paint(context, trailOf(trail, lane, ARRIVED), { width: 26, alpha: 1 });
  // Dots, not only a colour.
  context.fillStyle = LOST_COLOR;
  for (const { line } of trailOf(trail, lane, LOST)) {
    context.beginPath();
    context.arc((line[0] + line[2]) / 2, (line[1] + line[3]) / 2, LOST_RADIUS, 0, 7);
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
