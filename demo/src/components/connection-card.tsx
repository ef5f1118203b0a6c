import type { ConnectionState } from '@holdfast/core';
import { useConnectionState } from '@holdfast/react';
import type { ReactElement } from 'react';
import { explain } from '../conversation/explain.ts';
import type { HistoryEntry } from '../conversation/history.ts';
import type { ConversationSocket } from '../conversation/sent-messages.ts';
import { formatClock } from '../lib/format.ts';
import type { FrameStore } from '../lib/frame-store.ts';
import { useNow } from '../lib/use-now.ts';
import { useStore } from '../lib/use-store.ts';
import { Card } from './card.tsx';
import { Icon } from './icon.tsx';
import { phaseIcons } from './phase-icons.ts';

interface ConnectionCardProps {
  readonly socket: ConversationSocket;
  readonly history: FrameStore<readonly HistoryEntry[]>;
}

export function ConnectionCard({ socket, history }: ConnectionCardProps): ReactElement {
  const state = useConnectionState(socket);
  const { word, tone, sentence } = explain(state);
  return (
    <Card title="Connection" className="connection">
      <div className={`state tone-${tone} phase-${state.phase}`}>
        <span className="state-icon">
          <Icon name={phaseIcons[state.phase]} />
        </span>
        <p className="state-word">{word}</p>
        <p className="state-sentence">{sentence}</p>
        <NextTry state={state} />
        {/* Changes of state are read out; the ticking numbers below are not. */}
        <p className="only-heard" aria-live="polite">
          Connection: {word}. {sentence}
        </p>
      </div>
      <dl className="facts">
        <Since state={state} />
        <div>
          <dt>Failed tries</dt>
          <dd data-testid="failed-tries">{state.phase === 'open' || state.attempt === 0 ? 'none' : state.attempt}</dd>
        </div>
        <Session history={history} />
      </dl>
      <Buttons socket={socket} phase={state.phase} />
    </Card>
  );
}

/** Two buttons, each of which always does the one thing that it says. */
function Buttons({ socket, phase }: { readonly socket: ConversationSocket; readonly phase: string }): ReactElement {
  const isOver = phase === 'closing' || phase === 'closed';
  const isResting = phase === 'paused' || phase === 'suspended' || phase === 'idle';
  return (
    <div className="connection-buttons">
      {isResting ? (
        <button type="button" className="button" data-testid="pause" onClick={socket.connect}>
          Connect
        </button>
      ) : (
        <button type="button" className="button" data-testid="pause" disabled={isOver} onClick={socket.pause}>
          Pause
        </button>
      )}
      <button
        type="button"
        className="button"
        data-testid="again"
        disabled={isOver || isResting || phase === 'connecting'}
        onClick={phase === 'waiting' ? socket.connect : socket.reconnect}
      >
        {phase === 'waiting' ? 'Try now' : 'Reconnect'}
      </button>
    </div>
  );
}

function Since({ state }: { readonly state: ConnectionState }): ReactElement {
  const now = useNow(1_000);
  return (
    <div>
      <dt>Since</dt>
      <dd>
        <time dateTime={new Date(state.since).toISOString()}>{formatClock(state.since)}</time>{' '}
        <span className="quiet">{formatAge(now - state.since)}</span>
      </dd>
    </div>
  );
}

function Session({ history }: Pick<ConnectionCardProps, 'history'>): ReactElement {
  const resumed = useStore(history).find((entry) => entry.resumed !== null)?.resumed ?? null;
  return (
    <div>
      <dt>Session</dt>
      <dd>{resumed === null ? 'none yet' : resumed ? 'resumed' : 'new'}</dd>
    </div>
  );
}

function NextTry({ state: { retryAt, since } }: { readonly state: ConnectionState }): ReactElement | null {
  const now = useNow(retryAt === null ? null : 100);
  if (retryAt === null) return null;
  const left = Math.max(0, retryAt - now);
  const share = Math.min(1, left / Math.max(1, retryAt - since));
  return (
    <>
      <p className="next-try" role="timer" aria-label="Time until the next try">
        Next try in <b>{(left / 1_000).toFixed(1)} s</b>
      </p>
      <span className="meter" style={{ transform: `scaleX(${share})` }} aria-hidden="true" />
    </>
  );
}

function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
}
