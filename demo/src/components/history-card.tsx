import type { ReactElement } from 'react';
import { explain } from '../conversation/explain.ts';
import type { HistoryEntry } from '../conversation/history.ts';
import { formatClock, formatDuration } from '../lib/format.ts';
import type { FrameStore } from '../lib/frame-store.ts';
import { useStore } from '../lib/use-store.ts';
import { Card } from './card.tsx';

export function HistoryCard({ history }: { readonly history: FrameStore<readonly HistoryEntry[]> }): ReactElement {
  const entries = useStore(history);
  return (
    <Card title="History" className="history-card" aside={<span className="quiet">last 50 states</span>}>
      <ol className="history" tabIndex={0} aria-label="States of the connection, newest first">
        {entries.map((entry, index) => {
          const { word, tone } = explain(entry.state);
          const next = entries[index - 1];
          return (
            // By place: a row stays where it is and shows another state.
            <li key={index} className={`tone-${tone}`} data-phase={entry.state.phase} data-at={entry.at}>
              <time dateTime={new Date(entry.at).toISOString()}>{formatClock(entry.at)}</time>
              {/* New elements for new words: nothing that is there moves. */}
              <p key={`${entry.id} ${word}`} title={sentenceOf(entry)}>
                <strong>{entry.isMove ? 'Moved' : word}</strong> {sentenceOf(entry)}
              </p>
              <HistoryLength ms={next === undefined ? null : next.at - entry.at} />
            </li>
          );
        })}
      </ol>
    </Card>
  );
}

function HistoryLength({ ms }: { readonly ms: number | null }): ReactElement {
  const text = ms === null ? 'now' : formatDuration(ms);
  return (
    <span key={text} className="history-length">
      {text}
    </span>
  );
}

function sentenceOf({ state, resumed, isMove }: HistoryEntry): string {
  const session = resumed === null ? null : resumed ? 'The session goes on.' : 'A new session.';
  if (isMove) return `Another connection took over. ${session ?? ''}`;
  return session ?? explain(state).sentence;
}
