import { useConnectionState } from '@holdfast/react';
import { type ReactElement, useId, useState } from 'react';
import type { Fault, Faults } from '../faults/faults-store.ts';
import { formatDuration } from '../lib/format.ts';
import { useStore } from '../lib/use-store.ts';
import type { Scene } from '../scene.ts';
import { Icon, type IconName } from './icon.tsx';

const DOWNTIME_MS = 1_500;
/** Both ways together stay below the heartbeat's patience: more would be a dead link, not a slow one. */
const MAX_DELAY_MS = 750;

/** About as long as what stands there while something is sent: nothing moves. */
const NOTHING_SENT = 'Nothing is sent now: press “Draw for me” first.';

/** Everything that can be broken. */
export function FaultsPanel({ faults, pageFaults, socket, drawing }: Scene): ReactElement {
  const { report, problem, missing } = useStore(faults.store);
  const { isOffline, isStorageBroken } = useStore(pageFaults.store);
  const { isOn: isDrawing } = useStore(drawing.pilot);
  const isOpen = useConnectionState(socket, ({ phase }) => phase === 'open');
  const reasonId = useId();
  const isMissing = report === null;
  const isDown = report !== null && report.serverPid === null;
  const server = (fault: Fault) => ({
    onPress: () => faults.apply(fault),
    isDisabled: isMissing,
    describedBy: missing === null ? undefined : reasonId,
  });
  return (
    <section className="faults" aria-labelledby="faults-title">
      <header>
        <h2 id="faults-title">Break it</h2>
        <p id={reasonId} className={missing === null && problem === null ? 'quiet' : 'problem'} role="status">
          {missing ?? problem ?? (isDrawing ? 'All three ways, and every tab, share one wire.' : NOTHING_SENT)}
        </p>
      </header>
      <div className="fault-grid">
        <FaultButton
          id="cut"
          icon="cut"
          name="Cut"
          what="Breaks every open connection at once."
          {...server({ name: 'cut' })}
        />
        <FaultButton
          id="freeze"
          icon="freeze"
          name={report?.frozen === true ? 'Thaw' : 'Freeze'}
          isOn={report?.frozen === true}
          what={
            report?.frozen === true
              ? 'On: nothing passes until you thaw it.'
              : 'Nothing passes, both ways; nobody is told.'
          }
          {...server({ name: report?.frozen === true ? 'thaw' : 'freeze' })}
        />
        <FaultButton
          id="strand"
          icon="strand"
          name="Change network"
          what="Open connections go dead; nobody is told."
          {...server({ name: 'strand' })}
        />
        <FaultButton
          id="refuse"
          icon="refuse"
          name={report?.refusing === true ? 'Accept' : 'Refuse'}
          isOn={report?.refusing === true}
          what={report?.refusing === true ? 'On: new connections fail.' : 'New connections fail; open ones go on.'}
          {...server({ name: 'refuse', refusing: report?.refusing !== true })}
        />
        <FaultButton
          id="restart"
          icon="power"
          name="Kill server"
          isOn={isDown}
          what={
            isDown ? 'It is down; another one starts.' : `Without a goodbye; back after ${formatDuration(DOWNTIME_MS)}.`
          }
          {...server({ name: 'restart', downtimeMs: DOWNTIME_MS })}
          isDisabled={isMissing || isDown}
        />
        <FaultButton
          id="replace"
          icon="retry"
          name="Restart server"
          what="It says goodbye first, as in an update."
          {...server({ name: 'replace', downtimeMs: DOWNTIME_MS })}
          isDisabled={isMissing || isDown}
        />
        <FaultButton
          id="drain"
          icon="drain"
          name="Drain"
          isOn={report?.isDraining === true}
          what="The server asks all to change connections."
          {...server({ name: 'drain' })}
          isDisabled={isMissing || isDown || report.isDraining}
        />
        <FaultButton
          id="migrate"
          icon="move"
          name="Move"
          what="This page changes to a second connection."
          onPress={() => void socket.migrate().catch(() => {})}
          isDisabled={!isOpen}
        />
        <FaultButton
          id="offline"
          icon="offline"
          name={isOffline ? 'Say “online”' : 'Say “offline”'}
          isOn={isOffline}
          what={isOffline ? 'On: the browser claims to be offline.' : 'A false alarm of the browser: the wire works.'}
          onPress={() => pageFaults.sayOffline(!isOffline)}
        />
        <FaultButton
          id="storage"
          icon="disk"
          name={isStorageBroken ? 'Repair storage' : 'Break storage'}
          isOn={isStorageBroken}
          what={isStorageBroken ? 'On: nothing can be saved here.' : 'Saving in this browser fails: disk full.'}
          onPress={() => pageFaults.breakStorage(!isStorageBroken)}
        />
        <Delay faults={faults} delayMs={report?.delayMs ?? 0} isDisabled={isMissing} />
      </div>
    </section>
  );
}

interface FaultButtonProps {
  readonly id: string;
  readonly icon: IconName;
  readonly name: string;
  readonly what: string;
  readonly isOn?: boolean;
  readonly isDisabled?: boolean;
  readonly describedBy?: string | undefined;
  readonly onPress: () => void;
}

function FaultButton({
  id,
  icon,
  name,
  what,
  isOn = false,
  isDisabled = false,
  describedBy,
  onPress,
}: FaultButtonProps): ReactElement {
  return (
    <button
      type="button"
      className={`fault ${isOn ? 'is-on' : ''}`}
      data-testid={id}
      disabled={isDisabled}
      aria-describedby={describedBy}
      onClick={onPress}
    >
      <span className="fault-icon">
        <Icon name={icon} />
      </span>
      <strong>{name}</strong>
      <span className="fault-what">{what}</span>
    </button>
  );
}

interface DelayProps {
  readonly faults: Faults;
  readonly delayMs: number;
  readonly isDisabled: boolean;
}

function Delay({ faults, delayMs, isDisabled }: DelayProps): ReactElement {
  // While the slider is held it shows the hand's value; afterwards the proxy's.
  const [held, setHeld] = useState<number | null>(null);
  const id = useId();
  const value = held ?? delayMs;
  const release = (): void => setHeld(null);
  return (
    <div className={`fault is-wide ${value > 0 ? 'is-on' : ''}`}>
      <span className="fault-icon">
        <Icon name="clock" />
      </span>
      <strong>
        <label htmlFor={id}>Delay, each way</label>
      </strong>
      <div className="slider">
        <input
          id={id}
          type="range"
          min={0}
          max={MAX_DELAY_MS}
          step={50}
          value={value}
          disabled={isDisabled}
          aria-valuetext={`${formatDuration(value)} each way`}
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
    </div>
  );
}
