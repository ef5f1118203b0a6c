import type { EventRecord } from '@holdfast/core';
import type { ReactElement } from 'react';
import type { Inspector } from '../record/inspector.ts';
import { About, type Column } from './about.tsx';
import { formatClock } from './format.ts';
import { Rows } from './rows.tsx';

const LISTED = 100;

const COLUMNS: readonly Column[] = [
  { name: 'Time', about: 'When it was put on record, in the zone of this page.' },
  {
    name: 'Record',
    about: 'Its name; warnings and errors say so. Those that begin with fault. were made in this panel.',
  },
  { name: 'Details', about: 'The code of an error, what it says, and numbers.' },
];

/** What the socket has put on record (`onEvent`), the newest first. */
export function Records({ inspector }: { readonly inspector: Inspector }): ReactElement {
  const records = inspector.log.events.toArray(LISTED);
  if (!inspector.isTapped() && records.length === 0) {
    return (
      <>
        <h3>Records</h3>
        <p className="empty">
          What the socket tells <code>onEvent</code> stands here once it is made through the tap: the view Frames shows
          how.
        </p>
      </>
    );
  }
  return (
    <>
      <About title="Records" text="What the socket has told onEvent, and the faults made here." columns={COLUMNS} />
      {records.length === 0 ? (
        <p className="empty">Nothing yet: the first record is that of a connection being made.</p>
      ) : (
        <Rows
          kind="records"
          columns={COLUMNS}
          items={records}
          before={inspector.log.events.pushed - records.length}
          row={(record) => (
            <>
              <time className="clock">{formatClock(record.timestamp)}</time>
              <span className="badge" data-level={record.level} title={record.name}>
                {record.name}
                {record.level === 'warn' || record.level === 'error' ? (
                  <small className="level">{record.level}</small>
                ) : null}
              </span>
              <span className="why" title={inWords(record)}>
                {inWords(record)}
              </span>
            </>
          )}
        />
      )}
    </>
  );
}

function inWords({ code, message, details }: EventRecord): string {
  const parts = Object.entries(details ?? {}).map(
    ([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return [code, message, ...parts].filter(Boolean).join(' · ');
}
