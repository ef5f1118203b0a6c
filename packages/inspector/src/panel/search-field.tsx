import type { ReactElement } from 'react';

/** Escape empties it first, in every browser; once it is empty, Escape closes the panel. */
export function SearchField(props: {
  readonly label: string;
  readonly placeholder: string;
  readonly value: string;
  readonly onSearch: (value: string) => void;
}): ReactElement {
  const { label, placeholder, value, onSearch } = props;
  return (
    <input
      type="search"
      placeholder={placeholder}
      aria-label={label}
      value={value}
      onChange={(event) => onSearch(event.target.value)}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || value === '') return;
        event.preventDefault();
        onSearch('');
      }}
    />
  );
}
