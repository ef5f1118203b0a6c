import type { ReactElement, RefObject } from 'react';
import type { Inspector } from '../record/inspector.ts';
import { phaseOf } from './phase.tsx';
import { useLog } from './use-log.ts';

/** The button that opens the panel; its dot has the colour of the phase. */
export function Launcher(props: {
  readonly theme: 'light' | 'dark';
  readonly inspector: Inspector;
  readonly onOpen: () => void;
  readonly button: RefObject<HTMLButtonElement | null>;
}): ReactElement {
  const { theme, inspector, onOpen, button } = props;
  useLog(inspector.log);
  const phase = phaseOf(inspector);
  return (
    <button
      ref={button}
      type="button"
      className="root launcher"
      data-theme={theme}
      aria-label={`Open the Holdfast inspector: ${inspector.name} is ${phase}`}
      onClick={onOpen}
    >
      <span className="dot" data-phase={phase} />
      Holdfast
    </button>
  );
}
