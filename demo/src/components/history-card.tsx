import { type ReactElement, useSyncExternalStore } from 'react';
import { explain } from '../conversation/explain.ts';
import type { HistoryEntry } from '../conversation/history.ts';
import { formatClock, formatDuration } from '../lib/format.ts';
import type { FrameStore } from '../lib/frame-store.ts';
import { Card } from './card.tsx';

export function HistoryCard({ history }: { readonly history: FrameStore<readonly HistoryEntry[]> }): ReactElement {
  const entries = useSyncExternalStore(history.subscribe, history.getSnapshot);
  return (
    <Card title="History" aside={<span className="quiet">last 50 states</span>}>
      <ol className="history" tabIndex={0} aria-label="States of the connection, newest first">
        {entries.map((entry, index) => {
          const { word, tone, sentence } = explain(entry.state);
          const next = entries[index - 1];
          return (
            <li key={entry.id} className={`tone-${tone}`} data-phase={entry.state.phase} data-at={entry.at}>
              <time dateTime={new Date(entry.at).toISOString()}>{formatClock(entry.at)}</time>
              <p>
                <strong>{word}</strong>{' '}
                {entry.resumed === null ? sentence : entry.resumed ? 'Session resumed.' : 'New session.'}
              </p>
              <span className="history-length">{next === undefined ? 'now' : formatDuration(next.at - entry.at)}</span>
            </li>
          );
        })}
      </ol>
    </Card>
  );
}
