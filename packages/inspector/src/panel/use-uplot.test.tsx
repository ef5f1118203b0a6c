import { cleanup, render } from '@testing-library/react';
import { useLayoutEffect, type ReactElement } from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach, expect, test, vi } from 'vitest';
import { useUPlot } from './use-uplot.ts';

const loading = vi.hoisted(() => {
  let arrive = (): void => {};
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  return { arrive, arrived };
});

vi.mock('uplot', async () => {
  await loading.arrived;
  return { default: class UPlot {} };
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function View(): ReactElement {
  return <p>{useUPlot() === null ? 'on its way' : 'there'}</p>;
}

test('a view that appears in the moment in which uPlot arrives has it, too', async () => {
  const first = render(<View />);
  // As in an app, where effects run a while after the page shows what was rendered.
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', false);
  const place = document.createElement('div');
  const root = createRoot(place);
  function Arriving(): ReactElement {
    useLayoutEffect(() => loading.arrive(), []);
    return <View />;
  }
  root.render(<Arriving />);
  await vi.waitFor(() => expect(first.container.textContent).toBe('there'));
  await vi.waitFor(() => expect(place.textContent).toBe('there'));
  root.unmount();
});
