import type { ReactElement } from 'react';
import type { InspectorLog } from '../record/log.ts';
import type { SecondRecord } from '../record/records.ts';
import { quantiles } from '../record/report.ts';
import { formatBytes, formatCount, formatMs } from './format.ts';
import { Plot } from './plot.tsx';
import { useUPlot } from './use-uplot.ts';

const UP_AND_DOWN = [
  { label: 'up', color: '--up' },
  { label: 'down', color: '--down', isDashed: true },
] as const;
const ROUND_TRIP = [{ label: 'round trip', color: '--up' }] as const;

/** Round trips, messages and bytes over the same time. */
export function Plots(props: {
  readonly log: InspectorLog;
  readonly isTapped: boolean;
  readonly from: number;
  readonly to: number;
  readonly theme: string;
}): ReactElement {
  const { log, isTapped, from, to, theme } = props;
  const trips = log.roundTrips.toArray().filter(({ at }) => at >= from);
  const [least, median, , most] = quantiles(
    trips.map(({ ms }) => ms),
    [0, 0.5, 0.95, 1],
  );
  const tripSummary =
    median === undefined
      ? 'none measured'
      : `median ${formatMs(median)}, from ${formatMs(least ?? 0)} to ${formatMs(most ?? 0)}`;
  const seconds = secondBySecond(log.seconds.toArray(), from, to);
  const times = seconds.map(({ second }) => second);
  // The last one is not over yet.
  const last = seconds.at(-2);
  const window = { library: useUPlot(), from, to, theme };
  const perSecond = (up: number, down: number): string => `↑ ${formatCount(up)}/s  ↓ ${formatCount(down)}/s`;

  return (
    <div className="plots">
      <Plot
        {...window}
        title="Round trip"
        about="From a ping, or a message, to its answer"
        value={median === undefined ? 'none yet' : `${formatMs(trips.at(-1)?.ms ?? 0)}, median ${formatMs(median)}`}
        summary={tripSummary}
        series={ROUND_TRIP}
        data={[trips.map(({ at }) => at / 1_000), trips.map(({ ms }) => ms)]}
        format={formatMs}
        least={10}
        isStepped={false}
      />
      {isTapped ? (
        <>
          <Plot
            {...window}
            title="Messages"
            about="WebSocket messages a second: one carries all frames of a turn"
            value={perSecond(last?.messagesUp ?? 0, last?.messagesDown ?? 0)}
            summary={`${last?.messagesUp ?? 0} up and ${last?.messagesDown ?? 0} down in the last second`}
            series={UP_AND_DOWN}
            data={[times, seconds.map(({ messagesUp }) => messagesUp), seconds.map(({ messagesDown }) => messagesDown)]}
            format={formatCount}
            least={4}
            isStepped
          />
          <Plot
            {...window}
            title="Bytes"
            about="Bytes a second in WebSocket messages, without the browser’s compression"
            value={`↑ ${formatBytes(last?.bytesUp ?? 0)}/s  ↓ ${formatBytes(last?.bytesDown ?? 0)}/s`}
            summary={`${last?.bytesUp ?? 0} up and ${last?.bytesDown ?? 0} down in the last second`}
            series={UP_AND_DOWN}
            data={[times, seconds.map(({ bytesUp }) => bytesUp), seconds.map(({ bytesDown }) => bytesDown)]}
            format={formatBytes}
            least={100}
            isStepped
          />
        </>
      ) : null}
    </div>
  );
}

/** With those in which nothing was said. */
function secondBySecond(known: readonly SecondRecord[], from: number, to: number): SecondRecord[] {
  const first = Math.floor(from / 1_000);
  const seconds = Array.from({ length: Math.floor(to / 1_000) - first + 1 }, (_, index) => ({
    second: first + index,
    messagesUp: 0,
    messagesDown: 0,
    bytesUp: 0,
    bytesDown: 0,
  }));
  for (const record of known) if (record.second >= first) seconds[record.second - first] = { ...record };
  return seconds.filter((record) => record !== undefined);
}
