import { useRef, type KeyboardEvent, type ReactElement } from 'react';

export const TABS = {
  overview: 'Overview',
  frames: 'Frames',
  outbox: 'Outbox',
  sessions: 'Sessions',
  signals: 'Signals',
  faults: 'Faults',
} as const;
/** What each of them shows. */
const ABOUT: { readonly [Name in keyof typeof TABS]: string } = {
  overview: 'What the connection does now, and did before',
  frames: 'What goes over the wire',
  outbox: 'Messages that wait for the server',
  sessions: 'Sessions, producers and connections',
  signals: 'What page and network tell',
  faults: 'Buttons that make the network worse',
};
export type TabName = keyof typeof TABS;
const NAMES = Object.keys(TABS) as TabName[];

/** A list of tabs after the ARIA pattern: one stop for Tab, arrows, Home and End go from one to the next. */
export function Tabs(props: {
  readonly selected: TabName;
  readonly onSelect: (name: TabName) => void;
  /** Numbers beside some of the names; their room is always there. */
  readonly counts: { readonly [Name in TabName]?: number };
  /** Those that want to be looked at, and why. */
  readonly marks: { readonly [Name in TabName]?: string };
}): ReactElement {
  const { selected, onSelect, counts, marks } = props;
  const list = useRef<HTMLDivElement>(null);

  const onKeyDown = (event: KeyboardEvent): void => {
    const at = NAMES.indexOf(selected);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: NAMES.length - 1 }[event.key];
    const name = to === undefined ? undefined : NAMES[(to + NAMES.length) % NAMES.length];
    if (name === undefined) return;
    event.preventDefault();
    onSelect(name);
    list.current?.querySelector<HTMLElement>(`#tab-${name}`)?.focus();
  };

  return (
    <div className="tabs" role="tablist" aria-label="Views" ref={list} onKeyDown={onKeyDown}>
      {NAMES.map((name) => (
        <button
          key={name}
          type="button"
          role="tab"
          id={`tab-${name}`}
          title={ABOUT[name]}
          aria-selected={name === selected}
          aria-controls="view"
          tabIndex={name === selected ? 0 : -1}
          onClick={() => onSelect(name)}
        >
          {TABS[name]}
          {counts[name] === undefined ? null : <Count count={counts[name]} />}
          {marks[name] === undefined ? null : (
            <span className="mark">
              <span className="unseen">{marks[name]}</span>
            </span>
          )}
        </button>
      ))}
    </div>
  );
}

function Count({ count }: { readonly count: number }): ReactElement {
  const text = count < 1_000 ? String(count) : `${Math.round(count / 1_000)}k`;
  return (
    <>
      <span className="unseen">, {count} waiting</span>
      <span className="count" data-none={count === 0} aria-hidden="true">
        {text}
      </span>
    </>
  );
}
