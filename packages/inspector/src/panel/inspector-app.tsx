import {
  memo,
  useEffect,
  useRef,
  useState,
  type CSSProperties,
  type KeyboardEvent,
  type NamedExoticComponent,
  type ReactElement,
} from 'react';
import type { Inspector } from '../record/inspector.ts';
import { Announcer } from './announcer.tsx';
import { FaultButtons } from './faults.tsx';
import { Frames } from './frames.tsx';
import { Header } from './header.tsx';
import { Launcher } from './launcher.tsx';
import type { PanelProps } from './mount.tsx';
import { Outbox } from './outbox.tsx';
import { Overview } from './overview.tsx';
import { Resizer } from './resizer.tsx';
import { Sessions } from './session.tsx';
import { Signals } from './signals.tsx';
import type { TabName } from './tabs.tsx';
import { useRoom } from './use-room.ts';
import { useSettings, type Settings } from './use-settings.ts';
import { useTheme } from './use-theme.ts';

/** The panel, or the button that opens it. A render of the app that changes nothing for it is none of its own. */
export const InspectorApp: NamedExoticComponent<PanelProps> = memo(function InspectorApp(props: PanelProps) {
  const { inspectors, layout, initiallyOpen, buttonPosition, makeRoom } = props;
  const theme = useTheme(props.theme);
  const [{ isOpen, place, height, width, tab, corner }, change] = useSettings({
    isOpen: initiallyOpen,
    place: layout === 'docked' ? 'bottom' : layout,
    height: 380,
    width: 560,
    tab: 'overview',
    corner: buttonPosition,
  });
  const [chosen, setChosen] = useState(0);
  const inspector = inspectors[chosen] ?? inspectors[0];
  const launcher = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLElement>(null);
  /** Where the focus goes once what it goes to is there. */
  const focusNext = useRef<'launcher' | 'panel' | null>(null);

  const docked = isOpen && (place === 'right' || place === 'bottom') ? place : null;
  useRoom(panel, makeRoom ? docked : null);

  useEffect(() => {
    if (focusNext.current === 'launcher') launcher.current?.focus();
    if (focusNext.current === 'panel') panel.current?.querySelector<HTMLElement>('[role=tab][tabindex="0"]')?.focus();
    focusNext.current = null;
  }, [isOpen]);

  const open = (): void => {
    focusNext.current = 'panel';
    change({ isOpen: true });
  };
  const close = (): void => {
    focusNext.current = 'launcher';
    change({ isOpen: false });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && !event.defaultPrevented && place !== 'inline') close();
  };

  if (inspector === undefined) return null;
  if (!isOpen) {
    return (
      <Launcher
        theme={theme}
        inspector={inspector}
        corner={corner}
        onCorner={(to) => change({ corner: to })}
        onOpen={open}
        button={launcher}
      />
    );
  }
  return (
    <>
      {/* What is docked over the page's end would hide it: with this the page can be scrolled from under it. */}
      {place === 'bottom' && !makeRoom ? <div aria-hidden="true" style={{ height: `min(${height}px, 95vh)` }} /> : null}
      <section
        ref={panel}
        className={`root panel ${place}`}
        data-theme={theme}
        data-corner={corner}
        aria-label="Holdfast inspector"
        style={{ '--height': `${height}px`, '--width': `${width}px` } as CSSProperties}
        onKeyDown={onKeyDown}
      >
        {edgesOf(place, corner).map((edge) =>
          edge === 'top' || edge === 'bottom' ? (
            <Resizer key={edge} edge={edge} size={height} onResize={(to) => change({ height: to })} />
          ) : (
            <Resizer key={edge} edge={edge} size={width} onResize={(to) => change({ width: to })} />
          ),
        )}
        <Announcer key={inspectors.indexOf(inspector)} inspector={inspector} />
        <Header
          inspectors={inspectors}
          inspector={inspector}
          onInspector={(to) => setChosen(inspectors.indexOf(to))}
          tab={tab}
          onTab={(to) => change({ tab: to })}
          place={place}
          onPlace={(to) => change({ place: to })}
          onClose={close}
        />
        <div className="view" id="view" role="tabpanel" aria-labelledby={`tab-${tab}`} tabIndex={0}>
          <View key={inspectors.indexOf(inspector)} tab={tab} inspector={inspector} theme={theme} />
        </div>
      </section>
    </>
  );
});

/** The edges that can be moved: those away from the edge of the window. */
function edgesOf(place: Settings['place'], corner: Settings['corner']): ('top' | 'bottom' | 'left' | 'right')[] {
  switch (place) {
    case 'bottom':
      return ['top'];
    case 'right':
      return ['left'];
    case 'inline':
      return [];
    case 'floating':
      return [corner.startsWith('top') ? 'bottom' : 'top', corner.endsWith('left') ? 'right' : 'left'];
  }
}

function View(props: { readonly tab: TabName; readonly inspector: Inspector; readonly theme: string }): ReactElement {
  const { tab, inspector, theme } = props;
  switch (tab) {
    case 'frames':
      return <Frames inspector={inspector} />;
    case 'outbox':
      return <Outbox inspector={inspector} />;
    case 'sessions':
      return <Sessions inspector={inspector} />;
    case 'signals':
      return <Signals inspector={inspector} />;
    case 'faults':
      return <FaultButtons inspector={inspector} />;
    case 'overview':
      return <Overview inspector={inspector} theme={theme} />;
  }
}
