import type { ReactElement, ReactNode } from 'react';

const ROW = 24;

/**
 * What happened, the newest first. Each row has its place by a transform: a new one at the top moves the others without
 * the page being laid out again.
 */
export function Rows<Item>(props: {
  readonly className?: string;
  /** The oldest first. */
  readonly items: readonly Item[];
  /** How many there were before the first of them: the same row keeps its number. */
  readonly before: number;
  readonly row: (item: Item, next: Item | undefined) => ReactNode;
}): ReactElement {
  const { className = '', items, before, row } = props;
  return (
    <ol className={`rows ${className}`} reversed style={{ height: items.length * ROW }}>
      {items
        .map((item, index) => (
          <li key={before + index} style={{ transform: `translateY(${(items.length - 1 - index) * ROW}px)` }}>
            {row(item, items[index + 1])}
          </li>
        ))
        .reverse()}
    </ol>
  );
}
