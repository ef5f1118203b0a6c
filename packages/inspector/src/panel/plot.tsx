import { useEffect, useRef, type ReactElement } from 'react';
import type UPlot from 'uplot';
import { formatTime } from './format.ts';
import type { PlotLibrary } from './use-uplot.ts';

export interface PlotSeries {
  readonly label: string;
  /** A custom property of the panel's style sheet. */
  readonly color: `--${string}`;
  /** Told from the others by more than its colour. */
  readonly isDashed?: boolean;
}

export interface PlotProps {
  readonly library: PlotLibrary;
  readonly title: string;
  /** What is counted. */
  readonly about: string;
  /** What stands at the right of the title. */
  readonly value: string;
  /** The same in words, for who can't see it. */
  readonly summary: string;
  readonly series: readonly PlotSeries[];
  /** Seconds since the epoch, and a row for each series; null where nothing is known. */
  readonly data: readonly [readonly number[], ...(readonly (number | null)[])[]];
  readonly from: number;
  readonly to: number;
  readonly format: (value: number) => string;
  /** The axis goes at least this far: small numbers are no mountains. */
  readonly least: number;
  readonly theme: string;
  /** A step lasts until the next one; else points are joined. */
  readonly isStepped: boolean;
}

const HEIGHT = 116;

/** Half of a label: one that is nearer to the end of the axis would be cut off. */
const LABEL_PX = 24;

function timesThatFit(plot: UPlot, ticks: number[]): string[] {
  return ticks.map((tick) => (plot.valToPos(tick, 'x') > plot.over.clientWidth - LABEL_PX ? '' : formatTime(tick)));
}

/** A small plot over time. uPlot draws on a canvas: what it shows is also said in words. */
export function Plot(props: PlotProps): ReactElement {
  const { library, title, about, value, summary, series, data, from, to, format, least, theme, isStepped } = props;
  const place = useRef<HTMLDivElement>(null);
  const readout = useRef<HTMLSpanElement>(null);
  const plot = useRef<UPlot | null>(null);
  const latest = useRef({ data, format, value });
  const names = series.map(({ label, color }) => `${label} ${color}`).join();

  useEffect(() => {
    const box = place.current;
    if (box === null || library === null || library instanceof Error) return undefined;
    const style = getComputedStyle(box);
    const color = (name: string): string => style.getPropertyValue(name).trim();
    const axis: UPlot.Axis = {
      stroke: color('--muted'),
      font: '10px system-ui, sans-serif',
      grid: { stroke: color('--line'), width: 1 },
      ticks: { show: false },
      gap: 4,
    };
    const options: UPlot.Options = {
      width: Math.max(120, box.clientWidth),
      height: HEIGHT,
      padding: [6, 4, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
      scales: {
        x: { time: true },
        // Never flat: a line at 0 stands on the ground.
        y: { range: (_, _lowest, most) => [0, Math.max(least, (most ?? 0) * 1.15)] },
      },
      axes: [
        { ...axis, size: 22, space: 64, values: timesThatFit },
        { ...axis, size: 46, space: 30, values: (_, values) => values.map((tick) => latest.current.format(tick)) },
      ],
      series: [
        {},
        ...series.map(({ label, color: name, isDashed = false }): UPlot.Series => {
          const line: UPlot.Series = {
            label,
            stroke: color(name),
            width: 1.5,
            dash: isDashed ? [4, 3] : [],
            points: { show: !isStepped, size: 4 },
          };
          const { stepped } = library.paths;
          return isStepped && stepped !== undefined ? { ...line, paths: stepped({ align: -1 }) } : line;
        }),
      ],
      hooks: {
        setCursor: [
          ({ cursor: { idx } }) => {
            if (readout.current === null) return;
            const at = idx ?? -1;
            const [, ...rows] = latest.current.data;
            const shown = rows.map((row) => row[at]).filter((number) => typeof number === 'number');
            readout.current.textContent =
              shown.length === 0
                ? latest.current.value
                : shown.map((number) => latest.current.format(number)).join(' · ');
          },
        ],
      },
    };
    const made = new library(options, latest.current.data as UPlot.AlignedData, box);
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: Math.max(120, box.clientWidth), height: HEIGHT }));
    resized.observe(box);
    return () => {
      resized.disconnect();
      made.destroy();
      plot.current = null;
    };
    // Colours are read when it is made: another theme makes another one.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [library, names, least, theme, isStepped]);

  useEffect(() => {
    latest.current = { data, format, value };
    const made = plot.current;
    made?.batch(() => {
      made.setData(data as UPlot.AlignedData, false);
      made.setScale('x', { min: from / 1_000, max: to / 1_000 });
    });
    if (readout.current !== null && (made?.cursor.left ?? -1) < 0) readout.current.textContent = value;
  });

  // Of an image nothing is read out but its name: why it is missing stands beside it.
  const height = library instanceof Error ? 0 : HEIGHT;
  return (
    <figure className="plot">
      <figcaption>
        <span className="title" title={about}>
          {title}
        </span>
        {series.length > 1
          ? series.map(({ label, color, isDashed = false }) => (
              <span key={label} className="key">
                <span className="swatch" style={{ color: `var(${color})` }} data-dashed={isDashed} />
                {label}
              </span>
            ))
          : null}
        <span className="readout" ref={readout} />
      </figcaption>
      <div ref={place} className="canvas" role="img" aria-label={`${title}: ${summary}`} style={{ height }} />
      {library instanceof Error ? (
        <p className="empty">Not drawn, as uPlot can’t be loaded: {library.message}</p>
      ) : null}
    </figure>
  );
}
