import { useEffect, useRef, useState, type CSSProperties, type KeyboardEvent, type ReactElement } from 'react';
import type { Inspector } from '../record/inspector.ts';
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
import { useSettings } from './use-settings.ts';
import { useTheme } from './use-theme.ts';

/** The panel, or the button that opens it. */
export function InspectorApp(props: PanelProps): ReactElement | null {
  const { inspectors, layout, initiallyOpen } = props;
  const theme = useTheme(props.theme);
  const [{ isOpen, place, height, width, tab }, change] = useSettings({
    isOpen: initiallyOpen,
    place: layout === 'docked' ? 'bottom' : layout,
    height: 380,
    width: 560,
    tab: 'overview',
  });
  const [chosen, setChosen] = useState(0);
  const inspector = inspectors[chosen] ?? inspectors[0];
  const launcher = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLElement>(null);
  /** Where the focus goes once what it goes to is there. */
  const focusNext = useRef<'launcher' | 'panel' | null>(null);

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
    if (event.key !== 'Escape' || event.defaultPrevented || place === 'inline') return;
    // A search is emptied first.
    if (!(event.target instanceof HTMLInputElement && event.target.value !== '')) close();
  };

  if (inspector === undefined) return null;
  if (!isOpen) return <Launcher theme={theme} inspector={inspector} onOpen={open} button={launcher} />;
  return (
    <>
      {/* What is docked over the page's end would hide it: with this the page can be scrolled from under it. */}
      {place === 'bottom' ? <div aria-hidden="true" style={{ height: `min(${height}px, 95vh)` }} /> : null}
      <section
        ref={panel}
        className={`root panel ${place}`}
        data-theme={theme}
        aria-label="Holdfast inspector"
        style={{ '--height': `${height}px`, '--width': `${width}px` } as CSSProperties}
        onKeyDown={onKeyDown}
      >
        {place === 'bottom' || place === 'floating' ? (
          <Resizer edge="top" size={height} onResize={(to) => change({ height: to })} />
        ) : null}
        {place === 'right' || place === 'floating' ? (
          <Resizer edge="left" size={width} onResize={(to) => change({ width: to })} />
        ) : null}
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
