import { type ReactElement, useState } from 'react';
import { Icon } from '../components/icon.tsx';
import { formatCount } from '../lib/format.ts';
import { useStore } from '../lib/use-store.ts';
import { LANE_TITLES, LANES } from '../messages.ts';
import type { TourResult } from './result.ts';
import { STEPS } from './steps.ts';
import type { Tour } from './tour.ts';

/** What the tour says, over the lower edge of the board; after it, what it has shown, until somebody closes it. */
export function TourCaption({ tour }: { readonly tour: Tour }): ReactElement {
  const { step, title, text, result } = useStore(tour.store);
  const isHidden = step === null && result === null;
  const close = (): void => {
    tour.stop();
    // The button that had the focus is gone.
    document.getElementById('tour-start')?.focus({ preventScroll: true });
  };
  return (
    <div className={`tour-caption ${isHidden ? 'is-hidden' : ''}`} inert={isHidden} data-testid="tour">
      <div className="tour-words" aria-live="polite">
        <strong>{title}</strong>
        {result === null ? <p>{text}</p> : <Result result={result} />}
      </div>
      {result === null ? (
        <>
          <ol className="tour-steps" aria-hidden="true">
            {STEPS.map(({ title: name, lastsMs }, index) => (
              <li
                key={name}
                className={step === null || index > step ? '' : index < step ? 'is-over' : 'is-now'}
                style={{ flexGrow: lastsMs, animationDuration: `${lastsMs}ms` }}
              />
            ))}
          </ol>
          <button type="button" className="button is-on-stage" aria-label="End the tour" onClick={close}>
            <Icon name="close" />
            <span>
              End<span className="when-wide"> the tour</span>
            </span>
          </button>
        </>
      ) : (
        <div className="tour-buttons">
          <button type="button" className="button is-on-stage" data-testid="tour-again" onClick={() => tour.start()}>
            <Icon name="retry" />
            Once more
          </button>
          <CopyLink />
          <button type="button" className="button is-on-stage" data-testid="tour-close" onClick={close}>
            <Icon name="close" />
            Close
          </button>
        </div>
      )}
    </div>
  );
}

function Result({ result: { sent, lanes } }: { readonly result: TourResult }): ReactElement {
  return (
    <table className="tour-result" data-testid="tour-result">
      <caption>Of the {formatCount(sent)} messages that each was given in this tour. Now break it yourself.</caption>
      <thead>
        <tr>
          <td />
          <th scope="col">lost</th>
          <th scope="col">doubled</th>
          <th scope="col">out of order</th>
          <th scope="col">not there yet</th>
        </tr>
      </thead>
      <tbody>
        {LANES.map((lane) => {
          const { lost, doubled, outOfOrder, due } = lanes[lane];
          return (
            <tr key={lane} data-lane={lane}>
              <th scope="row">{LANE_TITLES[lane]}</th>
              {[lost, doubled, outOfOrder].map((faults, column) => (
                <td key={column} className={faults === 0 ? 'is-clean' : 'is-bad'}>
                  {formatCount(faults)}
                </td>
              ))}
              <td>{formatCount(due)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function CopyLink(): ReactElement {
  const [outcome, setOutcome] = useState<'copied' | 'failed' | null>(null);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(location.href);
      setOutcome('copied');
    } catch {
      // On plain http there is no clipboard, and a user may have forbidden it: the address bar has the link, too.
      setOutcome('failed');
    }
  };
  const words = { copied: 'Link copied', failed: 'See address bar' };
  return (
    <button type="button" className="button is-on-stage copy-link" data-testid="copy-link" onClick={() => void copy()}>
      <Icon name="link" />
      <span aria-live="polite">{outcome === null ? 'Copy link' : words[outcome]}</span>
    </button>
  );
}
