import type { EventRecord } from '@holdfast/core';
import type { ReactElement } from 'react';
import type { Inspector } from '../record/inspector.ts';
import { formatClock } from './format.ts';

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
  const first = inspector.log.events.dropped + inspector.log.events.length - records.length;
  return (
    <ol className="changes records" reversed>
      {records
        .map((record, index) => (
          <li key={first + index}>
            <time className="clock">{formatClock(record.timestamp)}</time>
            <span className="badge" data-level={record.level}>
              {record.name}
            </span>
            <span className="why" title={inWords(record)}>
              {inWords(record)}
            </span>
          </li>
        ))
        .reverse()}
    </ol>
  );
}

function inWords({ code, message, details }: EventRecord): string {
  const parts = Object.entries(details ?? {}).map(
    ([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return [code, message, ...parts].filter(Boolean).join(' · ');
}
