// Whoever reads the sources needs it too, and knows nothing of this package's configuration.
// oxlint-disable-next-line typescript/triple-slash-reference
/// <reference path="./css.d.ts" />
import { createRoot } from 'react-dom/client';
import type { Corner, HoldfastInspectorProps } from '../holdfast-inspector.tsx';
import type { Inspector } from '../record/inspector.ts';
import { InspectorApp } from './inspector-app.tsx';
import uplotCss from 'uplot/dist/uPlot.min.css?inline';
import panelCss from './styles/panel.css?inline';
import viewsCss from './styles/views.css?inline';

export interface PanelProps {
  readonly inspectors: readonly Inspector[];
  readonly layout: NonNullable<HoldfastInspectorProps['layout']>;
  readonly theme: NonNullable<HoldfastInspectorProps['theme']>;
  readonly initiallyOpen: boolean;
  readonly buttonPosition: Corner;
  readonly makeRoom: boolean;
}

export interface InspectorPanel {
  readonly update: (props: PanelProps) => void;
  readonly unmount: () => void;
}

/** Puts the panel into a shadow root, inside `place` or, without one, at the end of the page. */
export function mountPanel(place: HTMLElement | null, first: PanelProps): InspectorPanel {
  const host = document.createElement('holdfast-inspector');
  // Keys that are meant for the panel are no shortcuts of the app. React hears them at the shadow root, which is before.
  for (const type of ['keydown', 'keyup', 'keypress'] as const) {
    host.addEventListener(type, (event) => event.stopPropagation());
  }
  const shadow = host.attachShadow({ mode: 'open' });
  // No style element: a page's Content-Security-Policy may forbid it, and lets sheets that scripts make through.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync([uplotCss, panelCss, viewsCss].join('\n'));
  shadow.adoptedStyleSheets = [sheet];
  const container = document.createElement('div');
  shadow.append(container);
  (place ?? document.body).append(host);

  // A root of its own: events of a portal would go on to the app's components, and an error here would end them.
  const root = createRoot(container);
  const update = (props: PanelProps): void => root.render(<InspectorApp {...props} />);
  update(first);
  return {
    update,
    unmount() {
      // React may be in the middle of a render, in which a root must not end.
      queueMicrotask(() => root.unmount());
      host.remove();
    },
  };
}
