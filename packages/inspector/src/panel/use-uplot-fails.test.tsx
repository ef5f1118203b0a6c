import { cleanup, render } from '@testing-library/react';
import type { ReactElement } from 'react';
import { afterEach, expect, test, vi } from 'vitest';
import { useUPlot } from './use-uplot.ts';

const network = vi.hoisted(() => ({ isDown: true }));

vi.mock('uplot', () => {
  if (network.isDown) throw new TypeError('Failed to fetch');
  return { default: class UPlot {} };
});

afterEach(cleanup);

function View(): ReactElement {
  const library = useUPlot();
  return <p>{library instanceof Error ? 'failed' : library === null ? 'on its way' : 'there'}</p>;
}

test('a view that opens after uPlot could not be loaded asks again', async () => {
  const first = render(<View />);
  await vi.waitFor(() => expect(first.container.textContent).toBe('failed'));
  network.isDown = false;
  const second = render(<View />);
  await vi.waitFor(() => expect(second.container.textContent).toBe('there'));
});
