import { useEffect, useMemo, useRef, useState, type ReactElement } from 'react';
import { isProduction } from './is-production.ts';
import type { InspectorPanel, PanelProps } from './panel/mount.tsx';
import { createInspector, type Inspector } from './record/inspector.ts';
import type { InspectableSocket } from './record/records.ts';

/** A corner of the window. */
export type Corner = 'bottom-right' | 'bottom-left' | 'top-right' | 'top-left';

/** Which sockets the panel shows, and where on the page. */
export interface HoldfastInspectorProps {
  /** What the socket was made with: it has seen the frames. One for each socket; with several the panel has a choice. */
  readonly inspector?: Inspector | readonly Inspector[];
  /** The socket: for its numbers and its outbox. Without `inspector`, what it tells of itself is all that is shown. */
  readonly socket?: InspectableSocket;
  /**
   * `floating` (the default): a button in a corner, and a window above it. `docked`: along the bottom, or the right edge.
   * `inline`: it fills the place where it is rendered. The user may change between the first two.
   */
  readonly layout?: 'floating' | 'docked' | 'inline';
  /** `auto` (the default) follows the system. */
  readonly theme?: 'auto' | 'light' | 'dark';
  /** Whether it is open when the page is visited first; later it is as it was left. Default false; `inline` is always open. */
  readonly initiallyOpen?: boolean;
  /**
   * Where the button that opens it is, and the floating window. Default `bottom-right`; the user may drag the button to
   * another corner, which is remembered.
   */
  readonly buttonPosition?: Corner;
  /**
   * Whether the page gets smaller by what a docked panel takes of it: by padding on the root element, and there by
   * `--holdfast-inspector-right` and `--holdfast-inspector-bottom` for what is `fixed`. Default false: the panel lies over
   * the page, and touches nothing of it.
   */
  readonly makeRoom?: boolean;
  /** Whether it is there at all. Default: not in production, where nothing of it is loaded. */
  readonly enabled?: boolean;
}

/**
 * The panel. It is loaded once this is mounted, lives in a shadow root and in a React root of its own: neither its styles
 * nor its events reach the app, nor the app's it.
 */
export function HoldfastInspector(props: HoldfastInspectorProps): ReactElement | null {
  const { enabled = !isProduction() } = props;
  return enabled ? <Place {...props} /> : null;
}

function Place({
  inspector,
  socket,
  layout = 'floating',
  theme = 'auto',
  initiallyOpen = false,
  buttonPosition = 'bottom-right',
  makeRoom = false,
}: HoldfastInspectorProps): ReactElement | null {
  const place = useRef<HTMLDivElement>(null);
  const panel = useRef<InspectorPanel | null>(null);
  const [own] = useState(() => createInspector({ enabled: true }));
  const inspectors = useMemo(
    () => (inspector === undefined ? [own] : 'tap' in inspector ? [inspector] : inspector),
    [inspector, own],
  );
  const props: PanelProps = { inspectors, layout, theme, initiallyOpen, buttonPosition, makeRoom };
  const latest = useRef(props);

  const [first] = inspectors;
  useEffect(() => (socket === undefined ? undefined : first?.attach(socket)), [first, socket]);

  useEffect(() => {
    latest.current = props;
    panel.current?.update(props);
  });

  useEffect(() => {
    let isGone = false;
    // A panel that can't be loaded is told by the rejection, and costs the app nothing.
    void import('./panel/mount.tsx').then(({ mountPanel }) => {
      if (!isGone) panel.current = mountPanel(place.current, latest.current);
    });
    return () => {
      isGone = true;
      panel.current?.unmount();
      panel.current = null;
    };
  }, [layout]);

  return layout === 'inline' ? <div ref={place} style={{ height: '100%' }} /> : null;
}
