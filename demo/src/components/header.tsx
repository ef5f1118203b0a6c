import type { ReactElement } from 'react';
import { useStore } from '../lib/use-store.ts';
import type { Scene } from '../scene.ts';
import { Icon } from './icon.tsx';

interface HeaderProps extends Scene {
  readonly isInspecting: boolean;
  readonly onInspect: () => void;
}

export function Header({ live, tour, faults, target, isInspecting, onInspect }: HeaderProps): ReactElement {
  const { present } = useStore(live.store);
  const { step } = useStore(tour.store);
  const { missing, report } = useStore(faults.store);
  return (
    <header className="intro">
      <div className="intro-bar">
        <p className="brand">
          <img src="./icon.svg" alt="" width="28" height="28" />
          Holdfast
        </p>
        <p className="present" data-testid="present" data-present={present ?? ''}>
          <Icon name="people" />
          <b>{present ?? '–'}</b>
          <span className="when-wide">{present === 1 ? 'tab here' : 'tabs here'}</span>
        </p>
        <button
          type="button"
          className="button"
          aria-pressed={isInspecting}
          aria-label="Inspector"
          data-testid="inspect"
          onClick={onInspect}
        >
          <Icon name="inspect" />
          <span className="when-wide">Inspector</span>
        </button>
        <a className="button" href={location.href} target="_blank" rel="noreferrer" aria-label="Open another tab">
          <Icon name="tab" />
          <span className="when-wide">Open another tab</span>
          <span className="when-narrow">New tab</span>
        </a>
      </div>
      <div className="intro-words">
        <div>
          <h1>Break this connection.</h1>
          <p className="lead">
            Draw, then cut, freeze or kill whatever carries your strokes. Each piece of a stroke is a numbered message,
            sent by three lanes through the same faulty wire: see which lane keeps the rope whole.
          </p>
          {target.elsewhere !== null && <p className="quiet">Talking to {target.elsewhere}</p>}
          {target.problem !== null && (
            <p className="problem" role="alert">
              {target.problem}
            </p>
          )}
        </div>
        <div className="tour-start">
          <button
            type="button"
            className="button is-primary is-large"
            data-testid="tour-start"
            disabled={report === null && step === null}
            onClick={() => (step === null ? tour.start() : tour.stop())}
          >
            <Icon name={step === null ? 'play' : 'close'} />
            {step === null ? 'Take the tour' : 'End the tour'}
          </button>
          <p className="quiet">
            {missing === null ? 'One minute. It breaks things by itself.' : 'Needs the demo’s own server.'}
          </p>
        </div>
      </div>
    </header>
  );
}
