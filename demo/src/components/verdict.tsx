import type { ReactElement } from 'react';
import { formatCount } from '../lib/format.ts';
import type { Tally } from '../messages.ts';
import { Icon } from './icon.tsx';

/** The one sentence that matters, in the handler's numbers. */
export function Verdict({ tally }: { readonly tally: Tally | null }): ReactElement {
  if (tally === null) return <p className="verdict tone-calm">The handler has not told its count yet</p>;
  const { received, missing, doubled, outOfOrder } = tally;
  if (received === 0) return <p className="verdict tone-calm">The handler has received nothing yet</p>;
  const isClean = missing + doubled + outOfOrder === 0;
  return (
    <p className={`verdict ${isClean ? 'tone-good' : 'tone-bad'}`} data-testid="verdict">
      <Icon name={isClean ? 'check' : 'stop'} />
      <span className="verdict-parts">
        <span>{formatCount(missing)} missing</span>
        <span>{formatCount(doubled)} doubled</span>
        <span>{formatCount(outOfOrder)} out of order</span>
      </span>
      <span className="verdict-of">of {formatCount(received)} received</span>
    </p>
  );
}
