import type { ReactElement } from 'react';
import { Icon } from '../components/icon.tsx';
import { useStore } from '../lib/use-store.ts';
import { STEPS } from './steps.ts';
import type { Tour } from './tour.ts';

/** What the tour says, over the lower edge of the board. */
export function TourCaption({ tour }: { readonly tour: Tour }): ReactElement {
  const { step, title, text } = useStore(tour.store);
  return (
    <div className={`tour-caption ${step === null ? 'is-hidden' : ''}`} inert={step === null} data-testid="tour">
      <div className="tour-words" aria-live="polite">
        <strong>{title}</strong>
        <p>{text}</p>
      </div>
      <ol className="tour-steps" aria-hidden="true">
        {STEPS.map(({ title: name, lastsMs }, index) => (
          <li
            key={name}
            className={step === null || index > step ? '' : index < step ? 'is-over' : 'is-now'}
            style={{ flexGrow: lastsMs, animationDuration: `${lastsMs}ms` }}
          />
        ))}
      </ol>
      <button type="button" className="button is-on-stage" onClick={() => tour.stop()}>
        <Icon name="close" />
        End the tour
      </button>
    </div>
  );
}
