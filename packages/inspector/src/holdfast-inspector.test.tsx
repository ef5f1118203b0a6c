import { createSocket, holdfast, type HoldfastError, plain } from '@holdfast/core';
import { cleanup, fireEvent, render, within } from '@testing-library/react';
import { StrictMode } from 'react';
import { renderToString } from 'react-dom/server';
import { describe, expect, test, vi } from 'vitest';
import { HoldfastInspector } from './holdfast-inspector.tsx';
import {
  click,
  focused,
  panel,
  type PanelView,
  pass,
  press,
  startWorld,
  type,
  URL,
  aroundEachTest,
} from './panel.fixture.tsx';
import { createInspector, type Inspector } from './record/inspector.ts';
import type { InspectableSocket } from './record/records.ts';

const changesIn = (view: PanelView): (string | null)[] =>
  within(view.getByRole('region', { name: 'State changes' }))
    .getAllByRole('listitem')
    .map((item) => item.textContent);

const PANEL = { name: 'Holdfast inspector' };

aroundEachTest();

test('a button opens the panel, Escape closes it and gives the focus back', async () => {
  const { socket, inspector } = await startWorld();
  render(<HoldfastInspector inspector={inspector} socket={socket} />);
  const view = await panel();
  await click(view.getByRole('button', { name: 'Open the Holdfast inspector: socket is open' }));
  expect(view.getByRole('region', { name: 'Holdfast inspector' })).toBeTruthy();
  expect(focused()).toBe(view.getByRole('tab', { name: 'Overview' }));

  await press('Escape');
  expect(view.queryByRole('region')).toBeNull();
  expect(focused()).toBe(view.getByRole('button'));
});

test('the button goes to the corner that the app or the arrow keys say, which is remembered', async () => {
  const { socket, inspector } = await startWorld();
  const props = { inspector, socket, buttonPosition: 'bottom-left' } as const;
  const { unmount } = render(<HoldfastInspector {...props} />);
  const view = await panel();
  const button = (): HTMLElement => view.getByRole('button', { name: /^Open the Holdfast inspector/ });
  expect(button().dataset['corner']).toBe('bottom-left');
  await press('ArrowUp', button());
  expect(button().dataset['corner']).toBe('top-left');
  await press('ArrowRight', button());
  expect(button().dataset['corner']).toBe('top-right');
  await press('a', button());
  await click(button());
  expect(view.getByRole('region', PANEL).dataset['corner'], 'the window is where the button was').toBe('top-right');
  await press('Escape');
  unmount();
  await pass(0);
  render(<HoldfastInspector {...props} />);
  expect((await panel()).getByRole('button').dataset['corner']).toBe('top-right');
});

test('the button tells of faults that are on', async () => {
  const { socket, inspector } = await startWorld();
  render(<HoldfastInspector inspector={inspector} socket={socket} />);
  const view = await panel();
  inspector.faults.set({ delayMs: 100 });
  await pass(300);
  expect(view.getByRole('button').getAttribute('aria-label')).toMatch(/socket is open, faults are on$/);
});

describe('what it costs', () => {
  /** How often the panel, open or closed, has been rendered: each time it reads the name. */
  function counted(inspector: Inspector): { readonly inspector: Inspector; readonly renders: () => number } {
    let renders = 0;
    const proxy = new Proxy(inspector, {
      get(target, key) {
        if (key === 'name') renders += 1;
        return target[key as keyof Inspector];
      },
    });
    return { inspector: proxy, renders: () => renders };
  }

  test('closed, no message renders it, and a change of state does', async () => {
    const { socket, inspector: real, chat } = await startWorld();
    const { inspector, renders } = counted(real);
    render(<HoldfastInspector inspector={inspector} socket={socket} />);
    await panel();
    const before = renders();
    for (let n = 0; n < 500; n += 1) {
      socket.send(n);
      chat.sessions[0]?.send(n);
      await pass(2);
    }
    expect(real.log.frames.pushed).toBeGreaterThan(1_000);
    expect(renders()).toBe(before);
    socket.pause();
    await pass(300);
    expect(renders()).toBeGreaterThan(before);
  });

  test('open, it renders some times a second, whatever comes', async () => {
    const { socket, inspector: real } = await startWorld();
    const { inspector, renders } = counted(real);
    render(<HoldfastInspector inspector={inspector} socket={socket} initiallyOpen />);
    await panel();
    await pass(300);
    const before = renders();
    for (let n = 0; n < 1_000; n += 1) {
      socket.send(n);
      await pass(1);
    }
    // The log tells it 5 times a second and the clock once; header and announcer read the name, the header 2 times.
    expect(renders() - before).toBeLessThanOrEqual(6 * 3);
  });

  test('a render of the app that changes nothing for it is none of its own', async () => {
    const { socket, inspector: real } = await startWorld();
    const { inspector, renders } = counted(real);
    const { rerender } = render(<HoldfastInspector inspector={inspector} socket={socket} initiallyOpen />);
    await panel();
    const before = renders();
    for (let n = 0; n < 20; n += 1) {
      rerender(<HoldfastInspector inspector={inspector} socket={socket} initiallyOpen />);
      await pass(0);
    }
    expect(renders()).toBe(before);
    rerender(<HoldfastInspector inspector={inspector} socket={socket} initiallyOpen theme="dark" />);
    await pass(0);
    expect(renders()).toBeGreaterThan(before);
  });

  test('1,000 mounts and unmounts leave no listener, timer or element', async () => {
    const { socket: real, inspector } = await startWorld();
    let listening = 0;
    const socket: InspectableSocket = {
      ...real,
      subscribe(listener) {
        const stop = real.subscribe(listener);
        listening += 1;
        return () => {
          listening -= 1;
          stop();
        };
      },
    };
    const { unmount } = render(<HoldfastInspector inspector={inspector} socket={socket} initiallyOpen />);
    await panel();
    expect(listening).toBe(1);
    unmount();
    cleanup();
    await pass(0);
    // What the socket itself waits for, once the panel is gone.
    const timers = vi.getTimerCount();
    const elements = document.querySelectorAll('*').length;
    for (let n = 0; n < 1_000; n += 1) {
      const mounted = render(<HoldfastInspector inspector={inspector} socket={socket} initiallyOpen={n % 40 === 0} />);
      // Some are gone before the panel is loaded.
      if (n % 10 === 0) await pass(0);
      mounted.unmount();
    }
    await pass(0);
    cleanup();
    expect(listening).toBe(0);
    expect(inspector.getSocket()).toBeNull();
    expect(vi.getTimerCount()).toBeLessThanOrEqual(timers);
    expect(document.querySelectorAll('*').length).toBe(elements);
    const told = vi.spyOn(globalThis, 'setTimeout');
    inspector.log.changed();
    expect(told, 'nobody listens to the log').not.toHaveBeenCalled();
  });
});

test('another socket while the panel is open is the one that is shown', async () => {
  const { world, socket, inspector } = await startWorld();
  const { environment } = world.page;
  const next = createSocket(inspector.tap({ url: URL, protocol: holdfast(), environment }));
  await pass(1_000);
  const { rerender } = render(<HoldfastInspector inspector={inspector} socket={socket} initiallyOpen />);
  const view = await panel();
  const badge = (): string => within(view.getByRole('banner')).getByText(/open|paused|closed/).textContent ?? '';
  socket.pause();
  await pass(300);
  expect(badge()).toBe('paused');
  rerender(<HoldfastInspector inspector={inspector} socket={next} initiallyOpen />);
  await pass(300);
  expect(badge()).toBe('open');
  await socket.close();
  await pass(300);
  expect(badge()).toBe('open');
  await click(view.getByRole('button', { name: 'Pause' }));
  expect([badge(), next.getState().phase]).toEqual(['paused', 'paused']);
  expect(focused()?.textContent, 'a button without anything to do keeps the focus').toBe('Pause');
});

test('what becomes of the connection is said once, however often it tries', async () => {
  const { world, socket, inspector } = await startWorld();
  render(<HoldfastInspector inspector={inspector} socket={socket} initiallyOpen />);
  const view = await panel();
  const heard: string[] = [];
  const live = view.getAllByRole('status').find(({ tagName }) => tagName === 'P');
  const listen = (): void => {
    const words = live?.textContent ?? '';
    if (words !== '' && heard.at(-1) !== words) heard.push(words);
  };
  await pass(10_000);
  listen();
  expect(heard, 'what is there already is not said').toEqual([]);
  world.network.refuse();
  world.network.cut();
  for (let n = 0; n < 300; n += 1) {
    await pass(100);
    listen();
  }
  expect(socket.getState().attempt).toBeGreaterThan(3);
  world.network.heal();
  for (let n = 0; n < 300; n += 1) {
    await pass(100);
    listen();
  }
  expect(heard).toEqual(['socket is connecting', 'socket is open']);
  // A blink is not worth a word.
  inspector.faults.cut();
  for (let n = 0; n < 100; n += 1) {
    await pass(100);
    listen();
  }
  expect(heard).toHaveLength(2);
});

test('keys that are pressed in the panel are no shortcuts of the app', async () => {
  const { socket, inspector } = await startWorld();
  const shortcut = vi.fn();
  document.addEventListener('keydown', shortcut);
  render(<HoldfastInspector inspector={inspector} socket={socket} initiallyOpen />);
  const view = await panel();
  await press('k', view.getByRole('tab', { name: 'Overview' }));
  expect(shortcut).not.toHaveBeenCalled();
  fireEvent.keyDown(document.body, { key: 'k' });
  expect(shortcut).toHaveBeenCalledOnce();
  document.removeEventListener('keydown', shortcut);
});

test('events of the panel do not bubble into the components around it', async () => {
  const { socket, inspector } = await startWorld();
  const onClick = vi.fn();
  render(
    <div onClick={onClick}>
      <HoldfastInspector inspector={inspector} socket={socket} layout="inline" />
    </div>,
  );
  const view = await panel();
  await click(view.getByRole('tab', { name: /^Outbox/ }));
  expect(view.getByRole('tab', { name: /^Outbox/ }).getAttribute('aria-selected')).toBe('true');
  expect(onClick).not.toHaveBeenCalled();
});

test('in Strict Mode there is one panel, and none after the unmount', async () => {
  const { socket, inspector } = await startWorld();
  const { unmount } = render(
    <StrictMode>
      <HoldfastInspector inspector={inspector} socket={socket} initiallyOpen />
    </StrictMode>,
  );
  await panel();
  unmount();
  await pass(0);
  expect(document.querySelector('holdfast-inspector')).toBeNull();
  expect(inspector.getSocket()).toBeNull();
});

test('an unmount before the panel is loaded leaves nothing', async () => {
  const { unmount } = render(<HoldfastInspector />);
  unmount();
  await pass(100);
  expect(document.querySelector('holdfast-inspector')).toBeNull();
});

describe('in production', () => {
  test('nothing is rendered, loaded or tapped', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    const options = { url: URL };
    expect(createInspector().tap(options)).toBe(options);
    const { container } = render(<HoldfastInspector />);
    await pass(100);
    expect(container.innerHTML).toBe('');
    expect(document.querySelector('holdfast-inspector')).toBeNull();
  });

  test('all is there for an app that asks for it', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    const { socket, inspector } = await startWorld({ enabled: true });
    render(<HoldfastInspector enabled inspector={inspector} socket={socket} />);
    expect((await panel()).getByRole('button', { name: /socket is open/ })).toBeTruthy();
  });
});

test('on a server it renders nothing', () => {
  expect(renderToString(<HoldfastInspector inspector={createInspector()} />)).toBe('');
});

describe('places', () => {
  test('floating by default; docked where the app or the user wants it, which is remembered', async () => {
    const { socket, inspector } = await startWorld();
    const { unmount } = render(<HoldfastInspector inspector={inspector} socket={socket} initiallyOpen />);
    const view = await panel();
    expect(view.getByRole('region', PANEL).className).toContain('floating');
    await click(view.getByRole('button', { name: 'Dock at the right' }));
    expect(view.getByRole('region', PANEL).className).toContain('right');
    unmount();
    await pass(0);

    render(<HoldfastInspector inspector={inspector} socket={socket} layout="docked" initiallyOpen />);
    const again = await panel();
    expect(again.getByRole('region', PANEL).className).toContain('right');
  });

  test('docked at the bottom, and resized by keys within bounds', async () => {
    const { socket, inspector } = await startWorld();
    render(<HoldfastInspector inspector={inspector} socket={socket} layout="docked" initiallyOpen />);
    const view = await panel();
    expect(view.getByRole('region', PANEL).className).toContain('bottom');
    const edge = view.getByRole('separator', { name: 'Height of the panel' });
    const height = Number(edge.getAttribute('aria-valuenow'));
    await press('ArrowUp', edge);
    expect(Number(edge.getAttribute('aria-valuenow'))).toBe(height + 24);
    for (let times = 0; times < 30; times += 1) await press('ArrowDown', edge);
    expect(edge.getAttribute('aria-valuenow')).toBe(edge.getAttribute('aria-valuemin'));
  });

  test('inline it fills its place, is always open and has no button to close it', async () => {
    const { socket, inspector } = await startWorld();
    const { container } = render(<HoldfastInspector inspector={inspector} socket={socket} layout="inline" />);
    const view = await panel();
    expect(container.querySelector('holdfast-inspector')).not.toBeNull();
    expect(view.queryByRole('button', { name: 'Close the inspector' })).toBeNull();
    await press('Escape', view.getByRole('tab', { name: 'Overview' }));
    expect(view.getByRole('region', PANEL)).toBeTruthy();
  });

  test('what is stored by another release, or by nobody, is left aside', async () => {
    localStorage.setItem(
      'holdfast-inspector',
      '{"place":"moon","height":"tall","width":-5,"corner":"middle","tab":"gone","isOpen":true}',
    );
    const { socket, inspector } = await startWorld();
    render(<HoldfastInspector inspector={inspector} socket={socket} />);
    const view = await panel();
    const region = view.getByRole('region', PANEL);
    expect(region.className).toContain('floating');
    expect(region.dataset['corner']).toBe('bottom-right');
    expect(region.style.getPropertyValue('--width')).toBe('560px');
    expect(view.getByRole('tab', { selected: true }).textContent).toBe('Overview');
  });
});

test('tabs are gone through by arrows, Home and End', async () => {
  const { socket, inspector } = await startWorld();
  render(<HoldfastInspector inspector={inspector} socket={socket} initiallyOpen />);
  const view = await panel();
  const names = view.getAllByRole('tab').map((tab) => tab.textContent);
  const selected = (): string | null | undefined => view.getByRole('tab', { selected: true }).textContent;
  view.getByRole('tab', { selected: true }).focus();
  await press('ArrowRight');
  expect(selected()).toBe(names[1]);
  expect(focused()?.textContent).toBe(names[1]);
  await press('ArrowLeft');
  await press('ArrowLeft');
  expect(selected()).toBe(names.at(-1));
  await press('Home');
  expect(selected()).toBe(names[0]);
  await press('End');
  expect(selected()).toBe(names.at(-1));
});

describe('overview', () => {
  test('every change of state with its reason, the newest first', async () => {
    const { socket, inspector, world } = await startWorld();
    render(<HoldfastInspector inspector={inspector} socket={socket} initiallyOpen />);
    const view = await panel();
    world.network.refuse();
    world.network.cut();
    await pass(1_000);
    const changes = changesIn(view);
    expect(changes.at(-1)).toMatch(/connectingstart$/);
    expect(changes.at(-2)).toContain('openconnected');
    expect(changes.at(-3)).toMatch(/(?:waiting|connecting)lost · CONNECTION_LOST/);
  });

  test('an untapped socket shows its states, and how to see more', async () => {
    const { world } = await startWorld();
    const socket = createSocket({ url: URL, protocol: plain(), environment: world.page.environment });
    render(<HoldfastInspector socket={socket} initiallyOpen />);
    const view = await panel();
    await pass(1_000);
    expect(changesIn(view)[0]).toContain('open');
    await click(view.getByRole('tab', { name: 'Signals' }));
    expect(view.getByText(/inspector\.tap\(/)).toBeTruthy();
  });
});

describe('outbox', () => {
  test('what waits can be searched and withdrawn one by one', async () => {
    const { socket, inspector } = await startWorld();
    render(<HoldfastInspector inspector={inspector} socket={socket} initiallyOpen />);
    const view = await panel();
    socket.pause();
    const receipts = [1, 2, 3].map((n) => socket.send({ n }));
    const failures = receipts.map((receipt) =>
      receipt.delivered.catch((error: unknown) => (error as HoldfastError).code),
    );
    await pass(200);
    await click(view.getByRole('tab', { name: /^Outbox/ }));
    expect(view.getAllByRole('row')).toHaveLength(4);

    const [, second] = receipts;
    const search = view.getByRole('searchbox', { name: 'Search the outbox by id' });
    await type(search, second?.id ?? '');
    expect(view.getAllByRole('row')).toHaveLength(2);
    await press('Escape', search);
    expect(view.getByRole('region', PANEL), 'Escape empties a search first').toBeTruthy();
    expect(view.getAllByRole('row')).toHaveLength(4);
    await click(view.getByRole('button', { name: `Cancel ${second?.id}` }));
    expect(second?.status).toBe('failed');
    expect(await failures[1]).toBe('ABORTED');
    expect(view.getAllByRole('row')).toHaveLength(3);
    expect(focused(), 'the next row has the focus').toBe(
      view.getByRole('button', { name: `Cancel ${receipts[2]?.id}` }),
    );
    await type(search, 'nothing');
    expect(view.getByText(/^No message is like that/)).toBeTruthy();
    await socket.close();
    await Promise.all(failures);
  });

  test('all of it is withdrawn only after a question', async () => {
    const { socket, inspector } = await startWorld();
    render(<HoldfastInspector inspector={inspector} socket={socket} initiallyOpen />);
    const view = await panel();
    socket.pause();
    const receipts = [1, 2].map((n) => socket.send({ n }));
    const failures = receipts.map((receipt) =>
      receipt.delivered.catch((error: unknown) => (error as HoldfastError).code),
    );
    await pass(200);
    await click(view.getByRole('tab', { name: /^Outbox/ }));

    await click(view.getByRole('button', { name: 'Clear' }));
    expect(focused()?.textContent).toBe('Keep');
    await press('Escape');
    expect(view.getByRole('region', PANEL), 'Escape ends the question, not the panel').toBeTruthy();
    expect(focused()?.textContent).toBe('Clear');
    expect(socket.getStats().queued).toBe(2);

    await click(view.getByRole('button', { name: 'Clear' }));
    await click(view.getByRole('button', { name: 'Withdraw' }));
    expect(await Promise.all(failures)).toEqual(['ABORTED', 'ABORTED']);
    expect(view.getByText(/^Nothing waits: all that was sent has arrived/)).toBeTruthy();
  });
});

test('signals of page and network are listed', async () => {
  const { socket, inspector, world } = await startWorld();
  render(<HoldfastInspector inspector={inspector} socket={socket} initiallyOpen />);
  const view = await panel();
  await click(view.getByRole('tab', { name: 'Signals' }));
  world.page.offline();
  world.page.hide();
  await pass(1_000);
  expect(view.getAllByRole('listitem').map((item) => item.textContent?.slice(12))).toEqual([
    'hiddenthe browser',
    'offlinethe browser',
  ]);
});
