import { render } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { HoldfastInspector } from '../holdfast-inspector.tsx';
import { aroundEachTest, click, panel, pass, startWorld } from '../panel.fixture.tsx';

vi.mock('uplot', () => {
  // As it does where the browser's language is none.
  throw new RangeError('invalid language tag: C');
});

aroundEachTest();

test('without the library that draws, the panel is there and says what the plots would', async () => {
  const { inspector, socket } = await startWorld();
  render(<HoldfastInspector inspector={inspector} socket={socket} initiallyOpen />);
  const view = await panel();
  socket.send('hello');
  await pass(1_000);
  const plots = view.getAllByRole('img', { name: /^(?:Round trip|Messages|Bytes):/ });
  expect(plots).toHaveLength(3);
  // Beside the images: what is in one is not read out.
  expect(view.getAllByText(/^Not drawn, as uPlot can’t be loaded: /)).toHaveLength(3);
  expect(plots.map(({ textContent }) => textContent)).toEqual(['', '', '']);
  expect(view.getByTitle('From a ping, or a message, to its answer').parentElement?.textContent).toMatch(
    /\d ms, median/,
  );
  await click(view.getByRole('tab', { name: 'Frames' }));
  await click(view.getByRole('tab', { name: 'Overview' }));
  expect(view.getAllByText(/^Not drawn/)).toHaveLength(3);
});
