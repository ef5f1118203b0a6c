import type { ReactElement, ReactNode } from 'react';
import type { Column } from './about.tsx';

const ROW = 24;

/**
 * What happened, the newest first, under the names of its columns. Each row has its place by a transform: a new one at the
 * top moves the others without the page being laid out again.
 */
export function Rows<Item>(props: {
  readonly kind: 'changes' | 'records' | 'signals';
  readonly columns: readonly Column[];
  /** The oldest first. */
  readonly items: readonly Item[];
  /** How many there were before the first of them: the same row keeps its number. */
  readonly before: number;
  readonly row: (item: Item, next: Item | undefined) => ReactNode;
}): ReactElement {
  const { kind, columns, items, before, row } = props;
  return (
    <div className="rows" data-kind={kind}>
      {/* A list item reads well without them. */}
      <div className="heads" aria-hidden="true">
        {columns.map(({ name, about }) => (
          <span key={name} title={about}>
            {name}
          </span>
        ))}
      </div>
      <ol reversed style={{ height: items.length * ROW }}>
        {items
          .map((item, index) => (
            <li key={before + index} style={{ transform: `translateY(${(items.length - 1 - index) * ROW}px)` }}>
              {row(item, items[index + 1])}
            </li>
          ))
          .reverse()}
      </ol>
    </div>
  );
}
