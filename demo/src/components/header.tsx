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
        <p
          className={`present ${present === null ? 'is-unknown' : ''}`}
          data-testid="present"
          data-present={present ?? ''}
        >
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
        <h1>Break this connection.</h1>
        <p className="lead">
          This page sends one drawing to a server in three ways at once. Press “Draw for me”, then any button under
          “Break it”, and see which way loses pieces.
        </p>
        <button
          type="button"
          className="button is-primary is-large"
          id="tour-start"
          data-testid="tour-start"
          title={missing === null ? 'It draws and breaks things by itself.' : 'It needs the demo’s own server.'}
          disabled={report === null && step === null}
          onClick={() => {
            if (step !== null) return tour.stop();
            tour.start();
            // On a phone the panel would cover what the tour says.
            if (isInspecting && innerWidth <= 720) onInspect();
            showStage();
          }}
        >
          <Icon name={step === null ? 'play' : 'close'} />
          {step === null ? 'One-minute tour' : 'End the tour'}
        </button>
        {target.elsewhere !== null && <p className="quiet">Talking to {target.elsewhere}</p>}
        {target.problem !== null && (
          <p className="problem" role="alert">
            {target.problem}
          </p>
        )}
      </div>
    </header>
  );
}

/** The tour is about what the stage shows: on a small screen it starts where all of that is seen. */
function showStage(): void {
  const stage = document.querySelector('.stage');
  if (stage === null) return;
  const { top, bottom } = stage.getBoundingClientRect();
  if (top >= 0 && bottom <= innerHeight) return;
  const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  stage.scrollIntoView({ block: 'start', behavior: isCalm ? 'auto' : 'smooth' });
}
