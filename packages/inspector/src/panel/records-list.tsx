import type { EventRecord } from '@holdfast/core';
import type { ReactElement } from 'react';
import type { Inspector } from '../record/inspector.ts';
import { formatClock } from './format.ts';
import { Rows } from './rows.tsx';

const LISTED = 100;

/** What the socket has put on record (`onEvent`), the newest first. */
export function Records({ inspector }: { readonly inspector: Inspector }): ReactElement {
  const records = inspector.log.events.toArray(LISTED);
  if (records.length === 0) {
    return (
      <p className="empty">
        {inspector.isTapped() ? 'Nothing yet.' : 'They are seen through the tap: see the view Frames.'}
      </p>
    );
  }
  return (
    <Rows
      className="records"
      items={records}
      before={inspector.log.events.pushed - records.length}
      row={(record) => (
        <>
          <time className="clock">{formatClock(record.timestamp)}</time>
          <span className="badge" data-level={record.level}>
            {record.name}
          </span>
          <span className="why" title={inWords(record)}>
            {inWords(record)}
          </span>
        </>
      )}
    />
  );
}

function inWords({ code, message, details }: EventRecord): string {
  const parts = Object.entries(details ?? {}).map(
    ([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return [code, message, ...parts].filter(Boolean).join(' · ');
}
