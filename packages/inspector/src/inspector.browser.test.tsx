import { createSocket, holdfast, type Socket } from '@holdfast/core';
import axe from 'axe-core';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, inject, test, vi } from 'vitest';
import { HoldfastInspector, type HoldfastInspectorProps } from './holdfast-inspector.tsx';
import { createInspector, type Inspector } from './record/inspector.ts';

let root: Root;
let inspector: Inspector;
let socket: Socket;

beforeEach(async () => {
  localStorage.clear();
  const container = document.createElement('div');
  document.body.append(container);
  root = createRoot(container);
  inspector = createInspector({ name: 'chat' });
  socket = createSocket(
    inspector.tap({ url: inject('inspectorServer'), protocol: holdfast(), heartbeat: { intervalMs: 250 } }),
  );
  await socket.whenOpen();
});

afterEach(async () => {
  root.unmount();
  await socket.close();
  document.body.replaceChildren();
});

function show(props: Partial<HoldfastInspectorProps> = {}): void {
  root.render(<HoldfastInspector inspector={inspector} socket={socket} initiallyOpen {...props} />);
}

function shadow(): ShadowRoot {
  const found = document.querySelector('holdfast-inspector')?.shadowRoot;
  if (!found) throw new Error('the panel is not there');
  return found;
}

test('a panel on a real conversation, through a cut', async () => {
  show();
  await vi.waitFor(() => expect(shadow().querySelector('[role=tab]')).not.toBeNull());
  for (let n = 0; n < 5; n += 1) await socket.send({ n }).delivered;
  socket.send('cut');
  await vi.waitFor(() =>
    expect(inspector.log.states.toArray().filter(({ phase }) => phase === 'open')).toHaveLength(2),
  );
  await vi.waitFor(() => expect(shadow().textContent).toContain('CONNECTION_LOST'));
  const { violations } = await axe.run('holdfast-inspector');
  expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
});
