import type { ReactElement } from 'react';
import { ComposerCard } from './components/composer-card.tsx';
import { ConnectionCard } from './components/connection-card.tsx';
import { FaultsPanel } from './components/faults-panel.tsx';
import { Header } from './components/header.tsx';
import { HistoryCard } from './components/history-card.tsx';
import { QueueCard } from './components/queue-card.tsx';
import { Stage } from './components/stage.tsx';
import type { Scene } from './scene.ts';

export function App(scene: Scene): ReactElement {
  const { socket, history, outgoing, records } = scene;
  return (
    <div className="page">
      <Header {...scene} />
      <main>
        <Stage {...scene} />
        <FaultsPanel {...scene} />
        <div className="cards">
          <ConnectionCard socket={socket} history={history} />
          <QueueCard socket={socket} outgoing={outgoing} records={records} />
          <ComposerCard socket={socket} outgoing={outgoing} />
          <HistoryCard history={history} />
        </div>
      </main>
    </div>
  );
}
