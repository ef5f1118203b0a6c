import type { ReactElement } from 'react';

/** What a column is called, and what its numbers and words mean. */
export interface Column {
  readonly name: string;
  readonly about: string;
  readonly isNumber?: boolean;
}

/** A title, and what is shown in a line; unfolded, what each column of it means: not all can hover over a heading. */
export function About(props: {
  readonly title: string;
  readonly text: string;
  readonly columns: readonly Column[];
}): ReactElement {
  const { title, text, columns } = props;
  return (
    <details className="about">
      <summary>
        <h3>{title}</h3>
        {text}
      </summary>
      <dl>
        {columns.map(({ name, about }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{about}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

/** The head of a table. */
export function TableHead({ columns }: { readonly columns: readonly Column[] }): ReactElement {
  return (
    <thead>
      <tr>
        {columns.map(({ name, about, isNumber = false }) => (
          <th key={name} scope="col" title={about} className={isNumber ? 'number' : undefined}>
            {name}
          </th>
        ))}
      </tr>
    </thead>
  );
}
