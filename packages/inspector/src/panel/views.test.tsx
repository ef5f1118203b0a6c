import { createSocket, plain } from '@holdfast/core';
import { createTestWorld } from '@holdfast/core/testing';
import { render, within } from '@testing-library/react';
import { describe, expect, test, vi } from 'vitest';
import { HoldfastInspector } from '../holdfast-inspector.tsx';
import {
  click,
  focused,
  panel,
  type PanelView,
  pass,
  press,
  type Scene,
  startWorld,
  type,
  URL,
  aroundEachTest,
} from '../panel.fixture.tsx';
import { createInspector, type InspectorOptions } from '../record/inspector.ts';

aroundEachTest();

async function open(tab: string, options: InspectorOptions = {}): Promise<Scene & { readonly view: PanelView }> {
  const scene = await startWorld(options, { auth: () => 'SECRET-TOKEN', url: `${URL}?key=SECRET-IN-URL` });
  render(<HoldfastInspector inspector={scene.inspector} socket={scene.socket} initiallyOpen />);
  const view = await panel();
  await click(view.getByRole('tab', { name: new RegExp(`^${tab}`) }));
  return { ...scene, view };
}

const inList = (view: PanelView): PanelView => within(view.getByRole('listbox', { name: 'Frames' }));

const rows = (view: PanelView): string[] =>
  inList(view)
    .getAllByRole('option')
    .map((row) => (row.textContent ?? '').slice(12));

describe('frames', () => {
  test('are listed without what they carry, which can be shown', async () => {
    const { view, socket } = await open('Frames');
    socket.send({ text: 'SECRET' });
    await pass(300);
    expect(rows(view).map((row) => /hello|welcome|message|ack/.exec(row)?.[0])).toEqual([
      'hello',
      'welcome',
      'message',
      'ack',
    ]);
    expect(rows(view)[2]).toContain('seq 1 · producer 0');
    await click(inList(view).getByText('message'));
    const detail = view.getByRole('region', { name: 'Frame' });
    expect(detail.textContent).toContain('What it carries is hidden.');
    expect(document.querySelector('holdfast-inspector')?.shadowRoot?.textContent).not.toContain('SECRET');
  });

  test('show payloads where the app asks', async () => {
    const { view, socket } = await open('Frames', { payloads: true });
    socket.send({ text: 'shown' });
    await pass(300);
    await click(inList(view).getByText('message'));
    expect(view.getByRole('region', { name: 'Frame' }).querySelector('pre')?.textContent).toContain('"text": "shown"');
    expect(document.querySelector('holdfast-inspector')?.shadowRoot?.textContent).not.toContain('SECRET');
  });

  test('are filtered by direction, kind and text; heartbeats are left out first', async () => {
    const { view, socket, world } = await open('Frames', { payloads: true });
    for (const text of ['apple', 'pear']) socket.send({ text });
    await pass(60_000);
    expect(world.page.connections).toHaveLength(1);
    expect(rows(view).some((row) => row.includes('ping'))).toBe(false);

    await type(view.getByRole('combobox', { name: 'Kind' }), '');
    expect(rows(view).some((row) => row.includes('ping'))).toBe(true);
    await type(view.getByRole('combobox', { name: 'Kind' }), 'message');
    expect(rows(view)).toHaveLength(2);
    await type(view.getByRole('searchbox', { name: 'Filter frames by text' }), ' PEAR ');
    expect(rows(view)).toHaveLength(1);
    await type(view.getByRole('combobox', { name: 'Direction' }), 'down');
    expect(view.getByText(/^No frame is like that/)).toBeTruthy();
    await type(view.getByRole('combobox', { name: 'Direction' }), 'up');
    expect(rows(view)).toHaveLength(1);
  });

  test('are gone through by arrows', async () => {
    const { view, socket } = await open('Frames');
    socket.send(1);
    await pass(300);
    const list = view.getByRole('listbox', { name: 'Frames' });
    const selected = (): string | null => inList(view).getByRole('option', { selected: true }).textContent;
    await press('ArrowDown', list);
    expect(selected()).toContain('hello');
    await press('ArrowDown', list);
    expect(selected()).toContain('welcome');
    const active = inList(view).getByRole('option', { selected: true });
    expect(list.getAttribute('aria-activedescendant')).toBe(active.id);
    await press('End', list);
    expect(selected()).toContain('ack');
    await press('ArrowDown', list);
    expect(selected()).toContain('ack');
    await press('Home', list);
    expect(selected()).toContain('hello');
  });

  test('one that is looked at is let go by Escape, which then closes the panel', async () => {
    const { view } = await open('Frames');
    const list = view.getByRole('listbox', { name: 'Frames' });
    await press('ArrowDown', list);
    view.getByRole('button', { name: 'Close' }).focus();
    await press('Escape');
    expect(view.queryByRole('region', { name: 'Frame' })).toBeNull();
    expect(focused()).toBe(list);
    const search = view.getByRole('searchbox', { name: 'Filter frames by text' });
    await type(search, 'x');
    await press('Escape', search);
    expect((search as HTMLInputElement).value).toBe('');
    await press('Escape', search);
    expect(view.queryByRole('region', { name: 'Holdfast inspector' })).toBeNull();
  });

  test('stand still while they are paused, and are forgotten at once', async () => {
    const { view, socket, inspector } = await open('Frames');
    await click(view.getByRole('button', { name: 'Pause' }));
    const before = rows(view).length;
    socket.send(1);
    await pass(300);
    expect(rows(view)).toHaveLength(before);
    await click(view.getByRole('button', { name: 'Go on' }));
    expect(rows(view)).toHaveLength(before + 2);
    await click(view.getByRole('button', { name: 'Clear' }));
    expect(view.getByText(/^No frame yet/)).toBeTruthy();
    expect(inspector.log.states.length, 'only the frames are').toBeGreaterThan(0);
  });

  test('only those in sight are rendered', async () => {
    const { view, socket, inspector } = await open('Frames');
    for (let n = 0; n < 500; n += 1) socket.send(n);
    await pass(2_000);
    expect(inspector.log.frames.length).toBeGreaterThan(500);
    expect(rows(view).length).toBeLessThan(60);
    const option = inList(view).getAllByRole('option')[0];
    expect(Number(option?.getAttribute('aria-setsize'))).toBeGreaterThan(500);
  });
});

test.each(['Overview', 'Frames', 'Outbox', 'Sessions', 'Signals', 'Faults'])(
  '%s says what it shows, and what each column means',
  async (tab) => {
    const { view, socket } = await open(tab);
    socket.pause();
    socket.send(1).delivered.catch(() => {});
    await pass(1_000);
    const shown = within(view.getByRole('tabpanel'));
    expect(shown.getAllByRole('heading').length).toBeGreaterThan(0);
    expect(view.getByRole('tab', { selected: true }).title).not.toBe('');
    for (const head of shown.queryAllByRole('columnheader')) {
      expect(head.title, head.textContent ?? '').not.toBe('');
      expect(shown.getAllByText(head.title).length, 'not only for who can hover').toBeGreaterThan(0);
    }
    await socket.close({ discard: true });
  },
);

test('the timeline says by words what its colours mean', async () => {
  const { view, inspector } = await open('Overview');
  inspector.faults.cut();
  await pass(1_000);
  const legend = within(view.getByRole('list', { name: 'What the timeline shows' }));
  expect(legend.getAllByRole('listitem').map((item) => item.textContent)).toEqual([
    'open',
    'connecting',
    'waiting',
    'paused',
    'suspended',
    'idle or closed',
    'fault made here',
  ]);
  const bands = view.getByRole('img', { name: /^The last 1 min: .*open/ });
  expect([...bands.children].map((band) => band.textContent)).toContain('open');
  const header = view.getByRole('banner').textContent ?? '';
  expect(header).toMatch(/openfor \d+ s/);
  expect(header).toMatch(/round trip \d+ ms/);
});

describe('sessions', () => {
  test('sessions, producers and connections, through a cut', async () => {
    const { view, socket, inspector } = await open('Sessions');
    socket.send(1);
    await pass(300);
    inspector.faults.cut();
    await pass(5_000);
    const section = (name: string): string => view.getByRole('region', { name }).textContent ?? '';
    expect(section('Sessions')).toMatch(/resumed.*new/);
    expect(section('Producers')).toContain('2110');
    expect(section('Connections')).toMatch(/#2.*open.*#1.*fault1006/);
    expect(section('Connections')).toContain('holdfast.v1');
  });

  test('a plain protocol has connections only', async () => {
    const world = createTestWorld({ timers: 'global' });
    world.server('wss://plain.test/', {});
    const inspector = createInspector();
    const { environment } = world.page;
    const socket = createSocket(inspector.tap({ url: 'wss://plain.test/', protocol: plain(), environment }));
    render(<HoldfastInspector inspector={inspector} socket={socket} initiallyOpen />);
    const view = await panel();
    await click(view.getByRole('tab', { name: 'Sessions' }));
    expect(view.getByText(/a plain protocol has no sessions/)).toBeTruthy();
    expect(view.getByRole('region', { name: 'Connections' }).textContent).toContain('wss://plain.test/');
  });
});

describe('faults', () => {
  test('are made and healed, and the header says so', async () => {
    const { view, socket, inspector } = await open('Faults');
    await click(view.getByRole('switch', { name: 'Go silent' }));
    expect(inspector.faults.state.isSilent).toBe(true);
    expect(view.getByRole('tab', { name: /^Faults/ }).textContent).toBe('Faults, some are on');
    await type(view.getByRole('combobox', { name: 'Delay each way' }), '500');
    expect(inspector.faults.state.delayMs).toBe(500);
    await click(view.getByRole('button', { name: 'Heal everything' }));
    expect(inspector.faults.isActive).toBe(false);

    await click(view.getByRole('switch', { name: 'Refuse new connections' }));
    await click(view.getByRole('button', { name: 'Cut now' }));
    await pass(1_000);
    expect(socket.getState().phase).not.toBe('open');
    await click(view.getByRole('switch', { name: 'Refuse new connections' }));
    await pass(10_000);
    expect(socket.getState().phase).toBe('open');
    await click(view.getByRole('switch', { name: 'Be offline' }));
    await pass(1_000);
    expect(socket.getState().reason).toBe('offline');
    await click(view.getByRole('button', { name: 'Heal everything' }));
  });

  test('there are none in production, unless the app asks', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    const { socket, inspector } = await startWorld({ enabled: true });
    render(<HoldfastInspector enabled inspector={inspector} socket={socket} initiallyOpen />);
    const view = await panel();
    await click(view.getByRole('tab', { name: 'Faults' }));
    expect(view.queryByRole('switch')).toBeNull();
    expect(view.getByText(/Faults are for development/)).toBeTruthy();
    expect(createInspector({ enabled: true, faults: true }).hasFaults).toBe(true);
  });
});

describe('the report', () => {
  test('is copied by one click, and has no payload and no secret in it', async () => {
    const writeText = vi.fn<(text: string) => Promise<void>>(() => Promise.resolve());
    vi.spyOn(navigator, 'clipboard', 'get').mockReturnValue({ writeText } as unknown as Clipboard);
    const { view, socket, chat } = await open('Overview', { payloads: true });
    socket.send({ text: 'SECRET-UP' });
    chat.sessions[0]?.send('SECRET-DOWN');
    await pass(1_000);
    socket.pause();
    socket.send({ text: 'SECRET-WAITING' });
    await click(view.getByRole('button', { name: 'Copy a report' }));
    expect(view.getByText('The report is copied.')).toBeTruthy();
    const text = writeText.mock.calls[0]?.[0] ?? '';
    expect(text).not.toContain('SECRET');
    const report: unknown = JSON.parse(text);
    expect(report).toMatchObject({
      report: 'holdfast-inspector',
      name: 'socket',
      isTapped: true,
      now: { phase: 'paused', queued: 1 },
      outbox: [{ status: 'queued' }],
      connections: [{ url: `${URL}?…` }],
    });
    await pass(3_000);
    expect(view.queryByText('The report is copied.')).toBeNull();
  });

  test('is bounded, whatever has happened', async () => {
    const { socket, inspector } = await startWorld();
    for (let n = 0; n < 3_000; n += 1) socket.send({ n });
    for (let n = 0; n < 120; n += 1) {
      socket.reconnect();
      await pass(100);
    }
    const { createReport } = await import('../record/report.ts');
    expect(JSON.stringify(createReport(inspector)).length).toBeLessThan(250_000);
  });

  test('is shown where the page may not write to the clipboard', async () => {
    const clipboard = { writeText: () => Promise.reject(new Error('denied')) };
    vi.spyOn(navigator, 'clipboard', 'get').mockReturnValue(clipboard as unknown as Clipboard);
    const { view } = await open('Overview');
    await click(view.getByRole('button', { name: 'Copy a report' }));
    const area = view.getByRole<HTMLTextAreaElement>('textbox', { name: 'The report' });
    expect(area.value).toContain('"holdfast-inspector"');
    await press('Escape', area);
    expect(view.queryByRole('dialog')).toBeNull();
    expect(view.getByRole('region', { name: 'Holdfast inspector' })).toBeTruthy();
  });
});

test('several sockets: one is chosen', async () => {
  const [first, second] = [await startWorld({ name: 'chat' }), await startWorld({ name: 'prices' })];
  first.inspector.attach(first.socket);
  second.inspector.attach(second.socket);
  render(<HoldfastInspector inspector={[first.inspector, second.inspector]} initiallyOpen />);
  const view = await panel();
  second.socket.pause();
  await pass(200);
  const badge = (): string => within(view.getByRole('banner')).getByText(/open|paused/).textContent ?? '';
  expect(badge()).toBe('open');
  await type(view.getByRole('combobox', { name: 'Connection' }), '1');
  expect(badge()).toBe('paused');
});

test('the theme follows the system unless the app says one', async () => {
  let isDark = false;
  const listeners = new Set<() => void>();
  vi.stubGlobal('matchMedia', () => ({
    get matches() {
      return isDark;
    },
    addEventListener: (_: string, listener: () => void) => listeners.add(listener),
    removeEventListener: (_: string, listener: () => void) => listeners.delete(listener),
  }));
  const inspector = createInspector();
  const { rerender } = render(<HoldfastInspector inspector={inspector} initiallyOpen />);
  const view = await panel();
  const theme = (): string | undefined => view.getByRole('region', { name: 'Holdfast inspector' }).dataset['theme'];
  expect(theme()).toBe('light');
  isDark = true;
  for (const listener of listeners) listener();
  await pass(100);
  expect(theme()).toBe('dark');
  rerender(<HoldfastInspector inspector={inspector} initiallyOpen theme="light" />);
  await pass(100);
  expect(theme()).toBe('light');
});
