import type { ReactElement, ReactNode } from 'react';
import type { Inspector } from '../record/inspector.ts';
import { ActionButton } from './action-button.tsx';
import { Untapped } from './untapped.tsx';
import { useLog } from './use-log.ts';

const DELAYS = [0, 100, 500, 2_000];

/** Buttons that make the network worse, for the tapped sockets of this page only. */
export function FaultButtons({ inspector }: { readonly inspector: Inspector }): ReactElement {
  useLog(inspector.log);
  const { faults } = inspector;
  if (!inspector.isTapped()) return <Untapped what="Faults can be made" />;
  if (!inspector.hasFaults) {
    return (
      <div className="untapped">
        <p>
          Faults are for development: here they are there with <code>{'createInspector({ faults: true })'}</code>.
        </p>
      </div>
    );
  }
  const { isRefusing, isSilent, delayMs, isOffline } = faults.state;
  return (
    <div className="faults">
      <h3>Faults</h3>
      <p className="lead">
        What a bad network does, on purpose, to see how the app lives through it. Faults are made between the socket and
        the network, on this page only; nothing that you send is lost by them.
      </p>
      <ul>
        <Fault name="Cut" text="End every connection now, without a word: a lost network, a proxy that restarts.">
          <button type="button" className="danger" onClick={() => faults.cut()}>
            Cut now
          </button>
        </Fault>
        <Fault name="Refuse" text="New connections fail. What is open stays: cut it, too.">
          <Switch label="Refuse new connections" isOn={isRefusing} onSwitch={(to) => faults.set({ isRefusing: to })} />
        </Fault>
        <Fault
          name="Silence"
          text="A black hole: nothing comes or goes, and nobody is told. Afterwards it all goes on."
        >
          <Switch label="Go silent" isOn={isSilent} onSwitch={(to) => faults.set({ isSilent: to })} />
        </Fault>
        <Fault name="Delay" text="Everything takes this much longer, each way.">
          <select
            aria-label="Delay each way"
            value={delayMs}
            onChange={(event) => faults.set({ delayMs: Number(event.target.value) })}
          >
            {DELAYS.map((ms) => (
              <option key={ms} value={ms}>
                {ms === 0 ? 'None' : `${ms} ms`}
              </option>
            ))}
          </select>
        </Fault>
        <Fault name="Offline" text="The browser says that there is no network, and there is none.">
          <Switch label="Be offline" isOn={isOffline} onSwitch={(to) => faults.set({ isOffline: to })} />
        </Fault>
      </ul>
      <ActionButton isDisabled={!faults.isActive} onClick={() => faults.heal()}>
        Heal everything
      </ActionButton>
    </div>
  );
}

function Fault(props: { readonly name: string; readonly text: string; readonly children: ReactNode }): ReactElement {
  return (
    <li>
      <span>
        <strong>{props.name}</strong>
        <small>{props.text}</small>
      </span>
      {props.children}
    </li>
  );
}

function Switch(props: {
  readonly label: string;
  readonly isOn: boolean;
  readonly onSwitch: (isOn: boolean) => void;
}): ReactElement {
  const { label, isOn, onSwitch } = props;
  return (
    <button
      type="button"
      role="switch"
      className="switch"
      aria-checked={isOn}
      aria-label={label}
      onClick={() => onSwitch(!isOn)}
    >
      <span className="knob" />
    </button>
  );
}
