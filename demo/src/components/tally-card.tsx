import type { ReactElement } from 'react';
import { forgetRun, type Run } from '../conversation/run.ts';
import type { ForeignTally, Tallies } from '../conversation/use-tallies.ts';
import { formatCount } from '../lib/format.ts';
import { Card } from './card.tsx';

interface TallyCardProps {
  readonly tallies: Tallies;
  readonly run: Run;
}

export function TallyCard({ tallies: { own, others }, run }: TallyCardProps): ReactElement {
  const startOver = (): void => {
    forgetRun(sessionStorage);
    location.reload();
  };
  return (
    <Card
      title="The handler’s count"
      className="tally"
      aside={
        <button type="button" className="button is-small" onClick={startOver}>
          Start over
        </button>
      }
    >
      <dl className="tiles">
        <Tile name="received" value={own?.received} />
        <Tile name="missing" value={own?.missing} isFault />
        <Tile name="doubled" value={own?.doubled} isFault />
        <Tile name="out of order" value={own?.outOfOrder} isFault />
      </dl>
      <p className="quiet">
        Run {run.id.slice(0, 8)}
        {run.isContinued ? ', continued after a reload' : ''}. Each message carries its number; the handler judges by
        that alone and counts in the same transaction that marks the message as taken.
      </p>
      {others.length > 0 && <Others others={others} />}
    </Card>
  );
}

interface TileProps {
  readonly name: string;
  /** Undefined: the handler has not said. */
  readonly value: number | undefined;
  readonly isFault?: boolean;
}

function Tile({ name, value, isFault = false }: TileProps): ReactElement {
  const tone = !isFault || value === undefined ? '' : value === 0 ? 'tone-good' : 'tone-bad';
  return (
    <div className={`tile ${tone}`}>
      <dt>{name}</dt>
      <dd data-testid={`tally-${name.replaceAll(' ', '-')}`}>{value === undefined ? '–' : formatCount(value)}</dd>
    </div>
  );
}

function Others({ others }: { readonly others: readonly ForeignTally[] }): ReactElement {
  return (
    <div className="others">
      <h3>Delivered for pages that are gone</h3>
      <ul>
        {others.map(({ run, received, missing, doubled, outOfOrder }) => (
          <li key={run}>
            Run {run.slice(0, 8)}: {formatCount(received)} received, {missing} missing, {doubled} doubled, {outOfOrder}{' '}
            out of order
          </li>
        ))}
      </ul>
    </div>
  );
}
