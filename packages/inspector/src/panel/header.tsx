import type { ReactElement } from 'react';
import type { Inspector } from '../record/inspector.ts';
import { CopyReport } from './copy-report.tsx';
import { formatLong, formatMs } from './format.ts';
import { Icon } from './icon.tsx';
import { PhaseBadge, phaseOf } from './phase.tsx';
import { Tabs, type TabName } from './tabs.tsx';
import { useLog, useNow } from './use-log.ts';
import type { Settings } from './use-settings.ts';

const PLACES = [
  ['floating', 'Float in the corner'],
  ['bottom', 'Dock at the bottom'],
  ['right', 'Dock at the right'],
] as const;

/** One line: what the connection is doing now, the views, and what can be done with the panel. */
export function Header(props: {
  readonly inspectors: readonly Inspector[];
  readonly inspector: Inspector;
  readonly onInspector: (inspector: Inspector) => void;
  readonly tab: TabName;
  readonly onTab: (tab: TabName) => void;
  readonly place: Settings['place'];
  readonly onPlace: (place: Settings['place']) => void;
  readonly onClose: () => void;
}): ReactElement {
  const { inspectors, inspector, onInspector, tab, onTab, place, onPlace, onClose } = props;
  const log = useLog(inspector.log);
  const now = useNow(1_000);
  const socket = inspector.getSocket();
  const stats = socket?.getStats();
  const since = socket?.getState().since ?? log.states.last?.at;
  const roundTrip = stats?.rttMs ?? log.roundTrips.last?.ms;

  return (
    <header className="header">
      <div className="now">
        {inspectors.length > 1 ? (
          <select
            aria-label="Connection"
            value={inspectors.indexOf(inspector)}
            onChange={(event) => onInspector(inspectors[Number(event.target.value)] ?? inspector)}
          >
            {inspectors.map(({ name }, index) => (
              <option key={index} value={index}>
                {name}
              </option>
            ))}
          </select>
        ) : (
          <strong className="name">{inspector.name}</strong>
        )}
        <PhaseBadge phase={phaseOf(inspector)} />
        <span className="since" title="How long it has been so">
          {since === undefined ? '' : `for ${formatLong(now - since)}`}
        </span>
        <span className="round-trip" title="The last that was measured, by the heartbeat or a message">
          {roundTrip === undefined ? '' : `round trip ${formatMs(roundTrip)}`}
        </span>
      </div>
      <Tabs
        selected={tab}
        onSelect={onTab}
        counts={stats === undefined ? {} : { outbox: stats.queued + stats.inFlight }}
        marks={inspector.faults.isActive ? { faults: ', some are on' } : {}}
      />
      <div className="actions">
        <CopyReport inspector={inspector} />
        {place === 'inline' ? null : (
          <>
            <div className="group" role="group" aria-label="Place of the panel">
              {PLACES.map(([name, label]) => (
                <button
                  key={name}
                  type="button"
                  className="icon"
                  aria-label={label}
                  title={label}
                  aria-pressed={place === name}
                  onClick={() => onPlace(name)}
                >
                  <Icon name={name} />
                </button>
              ))}
            </div>
            <button
              type="button"
              className="icon"
              aria-label="Close the inspector"
              title="Close (Escape)"
              onClick={onClose}
            >
              <Icon name="close" />
            </button>
          </>
        )}
      </div>
    </header>
  );
}
