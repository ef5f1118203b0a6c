import { type ReactElement, type ReactNode, useId, useState, useSyncExternalStore } from 'react';
import type { Faults } from '../faults/faults-store.ts';
import type { FaultsReport } from '../faults/report.ts';
import { formatDuration, plural } from '../lib/format.ts';
import { Card } from './card.tsx';
import { Icon, type IconName } from './icon.tsx';

const DOWNTIME_MS = 1_500;
/** Both ways together stay below the heartbeat's patience: more would be a dead link, not a slow one. */
const MAX_DELAY_MS = 750;

export function FaultsCard({ faults }: { readonly faults: Faults }): ReactElement {
  const { report, problem } = useSyncExternalStore(faults.store.subscribe, faults.store.getSnapshot);
  const isFrozen = report?.frozen === true;
  const isRefusing = report?.refusing === true;
  const isDown = report !== null && report.serverPid === null;
  return (
    <Card title="Break it" className="faults" aside={<Wire report={report} />}>
      <ul className="fault-list">
        <Fault icon="cut" name="Cut" what="Resets every TCP connection at both ends, even in mid-message.">
          <button
            type="button"
            className="button is-fault"
            data-testid="cut"
            onClick={() => faults.apply({ name: 'cut' })}
          >
            Cut
          </button>
        </Fault>
        <Fault
          icon="freeze"
          name="Freeze"
          isOn={isFrozen}
          what="Stops all bytes both ways with TCP still open: a dead link that nobody reports. New connections hang."
        >
          <button
            type="button"
            className={`button is-fault ${isFrozen ? 'is-on' : ''}`}
            data-testid="freeze"
            onClick={() => faults.apply({ name: isFrozen ? 'thaw' : 'freeze' })}
          >
            {isFrozen ? 'Thaw' : 'Freeze'}
          </button>
        </Fault>
        <Fault
          icon="refuse"
          name="Refuse"
          isOn={isRefusing}
          what="Resets every new connection. The present one goes on until something else ends it."
        >
          <button
            type="button"
            className={`button is-fault ${isRefusing ? 'is-on' : ''}`}
            data-testid="refuse"
            onClick={() => faults.apply({ name: 'refuse', refusing: !isRefusing })}
          >
            {isRefusing ? 'Accept' : 'Refuse'}
          </button>
        </Fault>
        <Fault
          icon="power"
          name="Kill the server"
          isOn={isDown}
          what={`SIGKILL to the server’s process, the worst way to go; a new one starts ${formatDuration(DOWNTIME_MS)} later.`}
        >
          <button
            type="button"
            className="button is-fault"
            data-testid="restart"
            disabled={isDown}
            onClick={() => faults.apply({ name: 'restart', downtimeMs: DOWNTIME_MS })}
          >
            {isDown ? 'Down' : 'Kill'}
          </button>
        </Fault>
        <Delay faults={faults} delayMs={report?.delayMs ?? 0} />
      </ul>
      {problem !== null && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
    </Card>
  );
}

function Wire({ report }: { readonly report: FaultsReport | null }): ReactElement {
  if (report === null) return <span className="quiet">no answer yet</span>;
  const server = report.serverPid === null ? 'server down' : `server pid ${report.serverPid}`;
  return (
    <span className="quiet">
      {plural(report.connections, 'connection')}, {server}
    </span>
  );
}

interface FaultProps {
  readonly icon: IconName;
  readonly name: ReactNode;
  readonly what: string;
  readonly isOn?: boolean;
  readonly children: ReactNode;
}

function Fault({ icon, name, what, isOn = false, children }: FaultProps): ReactElement {
  return (
    <li className={`fault ${isOn ? 'is-on' : ''}`}>
      <span className="fault-icon">
        <Icon name={icon} />
      </span>
      <div className="fault-words">
        <strong>{name}</strong>
        <p>{what}</p>
      </div>
      {children}
    </li>
  );
}

function Delay({ faults, delayMs }: { readonly faults: Faults; readonly delayMs: number }): ReactElement {
  // While the slider is held it shows the hand's value; afterwards the proxy's.
  const [held, setHeld] = useState<number | null>(null);
  const id = useId();
  const value = held ?? delayMs;
  const release = (): void => setHeld(null);
  return (
    <Fault
      icon="clock"
      name={<label htmlFor={id}>Delay</label>}
      isOn={delayMs > 0}
      what="Holds all bytes back for this long, both ways and in order."
    >
      <div className="slider">
        <input
          id={id}
          type="range"
          min={0}
          max={MAX_DELAY_MS}
          step={50}
          value={value}
          aria-valuetext={formatDuration(value)}
          onChange={(event) => {
            const next = Number(event.target.value);
            setHeld(next);
            faults.apply({ name: 'delay', delayMs: next });
          }}
          onPointerUp={release}
          onKeyUp={release}
          onBlur={release}
        />
        <output htmlFor={id}>{formatDuration(value)}</output>
      </div>
    </Fault>
  );
}
