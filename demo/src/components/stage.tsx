import type { ReactElement } from 'react';
import { BoardView } from '../board/board-view.tsx';
import { RATES } from '../board/drawing.ts';
import { formatCount } from '../lib/format.ts';
import { useStore } from '../lib/use-store.ts';
import type { Scene } from '../scene.ts';
import { TourCaption } from '../tour/tour-caption.tsx';
import { FaultsPanel } from './faults-panel.tsx';
import { Icon } from './icon.tsx';
import { LanesPanel } from './lanes-panel.tsx';
import { StageStatus } from './stage-status.tsx';

/** The shared board, the lanes by which its lines travel, and what breaks them: cause and effect on one screen. */
export function Stage(scene: Scene): ReactElement {
  const { socket, faults, board, drawing, live, tour } = scene;
  return (
    <div className="stage">
      <div className="stage-show">
        <section className="stage-board" aria-label="Shared board and connection">
          <StageStatus socket={socket} faults={faults} />
          <div className="board-frame">
            <BoardView board={board} drawing={drawing} live={live} />
            <TourCaption tour={tour} />
          </div>
        </section>
        <LanesPanel {...scene} />
      </div>
      <Toolbar {...scene} />
      <FaultsPanel {...scene} />
    </div>
  );
}

function Toolbar({ drawing }: Scene): ReactElement {
  const { isOn, perSecond } = useStore(drawing.pilot);
  const index = Math.max(0, (RATES as readonly number[]).indexOf(perSecond));
  return (
    <div className="toolbar">
      <button
        type="button"
        className={`button is-primary pilot ${isOn ? 'is-on' : ''}`}
        data-on={isOn}
        data-testid="pilot"
        onClick={() => drawing.setPilot({ isOn: !isOn })}
      >
        <Icon name={isOn ? 'pause' : 'pen'} />
        {isOn ? 'Stop drawing' : 'Draw for me'}
      </button>
      <label className="rate">
        <span className="rate-name">Rate</span>
        <input
          type="range"
          min={0}
          max={RATES.length - 1}
          step={1}
          value={index}
          aria-valuetext={`${perSecond} messages a second`}
          data-testid="rate"
          onChange={(event) => drawing.setPilot({ perSecond: RATES[Number(event.target.value)] ?? 60 })}
        />
        <output>
          <b>{formatCount(perSecond)}</b> a second
        </output>
      </label>
      <button type="button" className="button is-on-stage" data-testid="clear" onClick={() => drawing.clear()}>
        <Icon name="clear" />
        Wipe
      </button>
    </div>
  );
}
