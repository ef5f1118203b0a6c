import type { ReactElement } from 'react';
import { ComposerCard } from './components/composer-card.tsx';
import { ConnectionCard } from './components/connection-card.tsx';
import { FaultsCard } from './components/faults-card.tsx';
import { HistoryCard } from './components/history-card.tsx';
import { QueueCard } from './components/queue-card.tsx';
import { RepliesCard } from './components/replies-card.tsx';
import { Route } from './components/route.tsx';
import { TallyCard } from './components/tally-card.tsx';
import type { HistoryEntry } from './conversation/history.ts';
import type { ConversationSocket, Outgoing } from './conversation/sent-messages.ts';
import { useTallies } from './conversation/use-tallies.ts';
import type { Faults } from './faults/faults-store.ts';
import type { FrameStore } from './lib/frame-store.ts';

interface AppProps {
  readonly socket: ConversationSocket;
  readonly outgoing: Outgoing;
  readonly history: FrameStore<readonly HistoryEntry[]>;
  readonly faults: Faults;
}

export function App({ socket, outgoing, history, faults }: AppProps): ReactElement {
  const tallies = useTallies(socket, outgoing.run.id);
  return (
    <div className="page">
      <header className="intro">
        <p className="brand">
          <img src="/icon.svg" alt="" width="24" height="24" />
          Holdfast
        </p>
        <h1>Break this connection.</h1>
        <p className="lead">
          Send messages, then cut, freeze, delay or kill whatever carries them: what is stored here still reaches the
          server’s handler once and in order, and the count on this page is the handler’s own.
        </p>
      </header>
      <Route socket={socket} faults={faults} tally={tallies.own} />
      <main className="columns">
        <div className="column">
          <ComposerCard socket={socket} outgoing={outgoing} />
          <FaultsCard faults={faults} />
        </div>
        <div className="column">
          <ConnectionCard socket={socket} history={history} />
          <QueueCard socket={socket} outgoing={outgoing} />
        </div>
        <div className="column">
          <TallyCard tallies={tallies} run={outgoing.run} />
          <RepliesCard socket={socket} />
          <HistoryCard history={history} />
        </div>
      </main>
    </div>
  );
}
