import { lazy, type ReactElement, Suspense, useState } from 'react';
import { ComposerCard } from './components/composer-card.tsx';
import { ConnectionCard } from './components/connection-card.tsx';
import { Header } from './components/header.tsx';
import { HistoryCard } from './components/history-card.tsx';
import { QueueCard } from './components/queue-card.tsx';
import { Stage } from './components/stage.tsx';
import type { Scene } from './scene.ts';

const HoldfastInspector = lazy(async () => ({ default: (await import('@holdfast/inspector')).HoldfastInspector }));

export function App(scene: Scene): ReactElement {
  const { socket, history, outgoing, records, inspectors } = scene;
  const [isInspecting, setIsInspecting] = useState(false);
  return (
    <div className={`page ${isInspecting ? 'is-inspected' : ''}`}>
      <Header {...scene} isInspecting={isInspecting} onInspect={() => setIsInspecting((before) => !before)} />
      <main>
        <Stage {...scene} />
        <div className="cards">
          <ConnectionCard socket={socket} history={history} />
          <QueueCard socket={socket} outgoing={outgoing} records={records} />
          <ComposerCard socket={socket} outgoing={outgoing} />
          <HistoryCard history={history} />
        </div>
      </main>
      {isInspecting && (
        <Suspense fallback={null}>
          <HoldfastInspector
            inspector={inspectors}
            layout="docked"
            buttonPosition="bottom-left"
            makeRoom
            initiallyOpen
            enabled
          />
        </Suspense>
      )}
    </div>
  );
}
