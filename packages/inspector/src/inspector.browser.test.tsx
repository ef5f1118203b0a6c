import { createSocket, holdfast, type Socket } from '@holdfast/core';
import axe from 'axe-core';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { HoldfastInspector, type HoldfastInspectorProps } from './holdfast-inspector.tsx';
import { TABS, type TabName } from './panel/tabs.tsx';
import { createInspector, type Inspector } from './record/inspector.ts';

const WIDE = [1280, 800] as const;
const PHONE = [360, 740] as const;

let root: Root;
let inspector: Inspector;
let socket: Socket;

beforeEach(async () => {
  localStorage.clear();
  await page.viewport(...WIDE);
  const container = document.createElement('div');
  document.body.append(container);
  root = createRoot(container);
  inspector = createInspector({ name: 'chat', payloads: true });
  socket = createSocket(inspector.tap({ url: inject('inspectorServer'), protocol: holdfast() }));
  await socket.whenOpen();
});

afterEach(async () => {
  root.unmount();
  await socket.close({ discard: true });
  document.body.replaceChildren();
  for (const style of document.head.querySelectorAll('[data-test]')) style.remove();
});

/** Renders, and waits for the panel or its button. */
async function show(props: Partial<HoldfastInspectorProps> = {}): Promise<ShadowRoot> {
  root.render(<HoldfastInspector inspector={inspector} socket={socket} initiallyOpen {...props} />);
  return vi.waitFor(() => {
    const found = document.querySelector('holdfast-inspector')?.shadowRoot;
    if (!found?.querySelector('.root')) throw new Error('the panel is not there');
    return found;
  });
}

function pick<Type extends Element = HTMLElement>(shadow: ShadowRoot, selector: string): Type {
  const found = shadow.querySelector<Type>(selector);
  if (found === null) throw new Error(`the panel has no ${selector}`);
  return found;
}

async function tab(shadow: ShadowRoot, name: TabName): Promise<void> {
  await userEvent.click(pick(shadow, `#tab-${name}`));
  await vi.waitFor(() => expect(pick(shadow, `#tab-${name}`).getAttribute('aria-selected')).toBe('true'));
}

/** Messages, a real cut, and what follows. */
async function liveThrough(): Promise<void> {
  for (let n = 0; n < 5; n += 1) await socket.send({ n }).delivered;
  socket.send('cut');
  await vi.waitFor(() => expect(inspector.log.sessions.length).toBe(2), { timeout: 10_000 });
  await vi.waitFor(() => expect(inspector.log.roundTrips.length).toBeGreaterThan(0));
}

function isDrawn(canvas: HTMLCanvasElement): boolean {
  const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
  return pixels.some((value) => value !== 0);
}

test('a real conversation through a cut: states, plots, frames, sessions', async () => {
  const shadow = await show({ layout: 'docked', theme: 'dark' });
  await liveThrough();
  await vi.waitFor(() => expect(pick(shadow, '#view').textContent).toContain('CONNECTION_LOST'));
  expect(pick(shadow, '.bands').getAttribute('aria-label')).toMatch(/^The last 1 min: .*open/);
  await vi.waitFor(() => expect(shadow.querySelectorAll('.bands [data-phase=open]')).toHaveLength(2), {
    timeout: 3_000,
  });
  const canvases = [...shadow.querySelectorAll('canvas')];
  expect(canvases).toHaveLength(3);
  await vi.waitFor(() => expect(canvases.every(isDrawn)).toBe(true));

  await tab(shadow, 'frames');
  await vi.waitFor(() => expect(pick(shadow, '.frame-list').textContent).toMatch(/resume .*welcome.*resumed/));
  await tab(shadow, 'sessions');
  await vi.waitFor(() => expect(pick(shadow, '[aria-label=Connections]').textContent).toContain('server or network'));
});

describe('axe finds nothing', () => {
  test.each(['light on a wide screen', 'dark on a wide screen', 'dark on a phone'])('%s', async (look) => {
    const theme = look.startsWith('light') ? 'light' : 'dark';
    if (look.endsWith('phone')) await page.viewport(...PHONE);
    const shadow = await show({ theme });
    await liveThrough();
    socket.pause();
    for (let n = 0; n < 3; n += 1) socket.send({ n }).delivered.catch(() => {});
    for (const name of Object.keys(TABS) as TabName[]) {
      await tab(shadow, name);
      if (name === 'frames') await userEvent.click(pick(shadow, '.frame'));
      const { violations } = await axe.run('holdfast-inspector');
      const found = violations.map(({ id, nodes }) => `${name}: ${id}: ${nodes.map(({ html }) => html).join(' ')}`);
      expect(found).toEqual([]);
    }
  });

  test('in the button', async () => {
    await show({ initiallyOpen: false });
    expect((await axe.run('holdfast-inspector')).violations).toEqual([]);
  });
});

test('neither side sees the styles of the other', async () => {
  const style = document.createElement('style');
  style.dataset['test'] = '';
  style.textContent = '* { font-size: 40px; letter-spacing: 9px; color: red } button { background: red; height: 90px }';
  document.head.append(style);
  const button = document.createElement('button');
  document.body.append(button);
  const before = JSON.stringify(getComputedStyle(button));
  const shadow = await show();
  const close = getComputedStyle(pick(shadow, '[aria-label="Close the inspector"]'));
  expect([close.fontSize, close.letterSpacing, close.height]).toEqual(['12px', 'normal', '26px']);
  expect(close.color).not.toBe('rgb(255, 0, 0)');
  expect(JSON.stringify(getComputedStyle(button))).toBe(before);
});

test.each([
  ['overview', ['.since', '.tabs', '.bands', '.plot:nth-child(3)', '.columns h3']],
  ['frames', ['.since', '.tabs', '.toolbar button', '.frame-list']],
] as const)('nothing moves in %s while states and numbers change', async (name, selectors) => {
  const shadow = await show({ layout: 'docked' });
  await tab(shadow, name);
  await liveThrough();
  const shifts: number[] = [];
  const note = (entries: PerformanceEntryList): void => {
    for (const entry of entries) shifts.push((entry as PerformanceEntry & { readonly value: number }).value);
  };
  const observer = new PerformanceObserver((list) => note(list.getEntries()));
  const places = (): string =>
    selectors
      .map((selector) => {
        const { left, top } = pick(shadow, selector).getBoundingClientRect();
        return `${selector} ${Math.round(left)} ${Math.round(top)}`;
      })
      .join();
  const before = places();
  observer.observe({ type: 'layout-shift' });
  for (let n = 0; n < 200; n += 1) socket.send({ n });
  inspector.faults.cut();
  await vi.waitFor(() => expect(inspector.log.sessions.length).toBe(3), { timeout: 10_000 });
  await vi.waitFor(() => expect(socket.getStats().queued + socket.getStats().inFlight).toBe(0));
  await vi.waitFor(() => expect(pick(shadow, '.now').textContent).toContain('open'));
  note(observer.takeRecords());
  observer.disconnect();
  expect(places()).toBe(before);
  expect(shifts.reduce((sum, value) => sum + value, 0)).toBe(0);
});

test('the frame log follows its end, and stays where one reads', async () => {
  const shadow = await show({ layout: 'docked' });
  await tab(shadow, 'frames');
  const list = pick(shadow, '.frame-list');
  const fill = async (): Promise<void> => {
    const receipts = Array.from({ length: 100 }, (_, n) => socket.send({ n }));
    await Promise.all(receipts.map(({ delivered }) => delivered));
  };
  await fill();
  await vi.waitFor(() => expect(list.scrollHeight).toBeGreaterThan(2_000));
  await vi.waitFor(() => expect(list.scrollTop + list.clientHeight).toBeGreaterThanOrEqual(list.scrollHeight - 1));

  list.scrollTop = 480;
  const first = (): string | null | undefined =>
    [...list.querySelectorAll<HTMLElement>('.frame')].find(({ style }) => style.transform === 'translateY(480px)')
      ?.textContent;
  const read = await vi.waitFor(() => first() ?? expect.fail('the row in sight is not there'));
  const height = list.scrollHeight;
  await fill();
  await vi.waitFor(() => expect(list.scrollHeight).toBeGreaterThan(height));
  expect(list.scrollTop).toBe(480);
  expect(first()).toBe(read);
  expect(shadow.querySelectorAll('.frame').length).toBeLessThan(60);
});

test('the frames that one reads are in sight while older ones go, whenever the scroll event comes', async () => {
  await socket.close({ discard: true });
  inspector = createInspector({ maxFrames: 300 });
  socket = createSocket(inspector.tap({ url: inject('inspectorServer'), protocol: holdfast() }));
  const shadow = await show({ layout: 'docked' });
  await tab(shadow, 'frames');
  const list = pick(shadow, '.frame-list');
  const send = (count: number): Promise<unknown> =>
    Promise.all(Array.from({ length: count }, (_, n) => socket.send({ n }).delivered));
  await send(300);
  await vi.waitFor(() => expect(list.scrollTop).toBeGreaterThan(6_000));

  const inSight = (): string[] => {
    const { top, bottom } = list.getBoundingClientRect();
    return [...list.querySelectorAll('.frame')]
      .filter((row) => row.getBoundingClientRect().bottom > top && row.getBoundingClientRect().top < bottom)
      .map(({ id }) => id);
  };
  list.scrollTop = 6_000;
  await vi.waitFor(() => expect(inSight().length).toBeGreaterThan(2));
  const read = inSight();
  // As they are before the browser tells of any scrolling.
  const seen: string[][] = [];
  const observer = new MutationObserver(() => seen.push(inSight()));
  observer.observe(list, { subtree: true, childList: true, attributes: true });
  await send(100);
  await vi.waitFor(() => expect(list.scrollTop).toBeLessThanOrEqual(6_000 - 100 * 24));
  observer.disconnect();
  expect(seen.filter((rows) => rows.join() !== read.join())).toEqual([]);
});

test('on a phone it is a sheet as wide as the page, in which nothing is cut off', async () => {
  await page.viewport(...PHONE);
  const shadow = await show();
  await liveThrough();
  for (const name of Object.keys(TABS) as TabName[]) {
    await tab(shadow, name);
    const view = pick(shadow, '#view');
    expect(view.scrollWidth, name).toBeLessThanOrEqual(view.clientWidth);
  }
  expect(pick(shadow, '.panel').getBoundingClientRect().width).toBe(PHONE[0]);
  // What can be done with the panel stands at the end of its first line.
  const { top, right } = pick(shadow, '.actions').getBoundingClientRect();
  expect(top).toBeLessThan(pick(shadow, '.now').getBoundingClientRect().bottom);
  expect(right).toBeGreaterThan(PHONE[0] - 30);
});

test('docked, it leaves the end of the page within reach', async () => {
  const long = document.createElement('div');
  long.style.height = '3000px';
  document.body.prepend(long);
  const last = document.createElement('p');
  last.textContent = 'the last line';
  long.append(last);
  last.style.marginTop = '2980px';
  const shadow = await show({ layout: 'docked' });
  scrollTo(0, 100_000);
  expect(last.getBoundingClientRect().bottom).toBeLessThanOrEqual(
    pick(shadow, '.panel').getBoundingClientRect().top + 1,
  );
});

describe('makeRoom', () => {
  const root = document.documentElement;
  afterEach(() => root.removeAttribute('style'));

  test('a docked panel makes the page smaller, and gives all back', async () => {
    root.style.setProperty('padding-right', '7px', 'important');
    const shadow = await show({ layout: 'docked', makeRoom: true });
    const bottom = pick(shadow, '.panel').getBoundingClientRect();
    const variable = (edge: string): string => root.style.getPropertyValue(`--holdfast-inspector-${edge}`);
    expect(variable('bottom')).toBe(`${bottom.height}px`);
    expect(getComputedStyle(root).paddingBottom).toBe(`${bottom.height}px`);

    await userEvent.click(pick(shadow, '[aria-label="Dock at the right"]'));
    await vi.waitFor(() => expect(variable('right')).not.toBe(''));
    expect(variable('bottom')).toBe('');
    const { left, width } = pick(shadow, '.panel').getBoundingClientRect();
    expect(document.body.getBoundingClientRect().right).toBeLessThanOrEqual(left);
    pick(shadow, '.resizer.left').focus();
    await userEvent.keyboard('{ArrowLeft}');
    await vi.waitFor(() => expect(variable('right')).toBe(`${width + 24}px`));

    await userEvent.click(pick(shadow, '[aria-label="Close the inspector"]'));
    await vi.waitFor(() => expect(root.getAttribute('style')).toBe('padding-right: 7px !important;'));
  });

  test('on a phone what is docked at the right is a sheet at the bottom', async () => {
    await page.viewport(...PHONE);
    localStorage.setItem('holdfast-inspector', '{"place":"right"}');
    const shadow = await show({ layout: 'docked', makeRoom: true });
    const { height } = pick(shadow, '.panel').getBoundingClientRect();
    await vi.waitFor(() => expect(getComputedStyle(root).paddingBottom).toBe(`${height}px`));
    expect(getComputedStyle(root).paddingRight).toBe('0px');
  });

  test('without it the app keeps its styles, wherever the panel is', async () => {
    const shadow = await show({ layout: 'docked' });
    await userEvent.click(pick(shadow, '[aria-label="Dock at the right"]'));
    await vi.waitFor(() => pick(shadow, '.panel.right'));
    expect([root, document.body].map((element) => element.getAttribute('style'))).toEqual([null, null]);
  });
});

describe('the button', () => {
  const button = (shadow: ShadowRoot): HTMLElement => pick(shadow, '.launcher');

  test('is small on a phone, and in the corner that the app says', async () => {
    await page.viewport(...PHONE);
    const shadow = await show({ initiallyOpen: false, buttonPosition: 'bottom-left' });
    const { left, bottom, width, height } = button(shadow).getBoundingClientRect();
    expect([left, PHONE[1] - bottom, width, height]).toEqual([8, 8, 36, 36]);
  });

  test('is dragged to another corner, which opens nothing', async () => {
    const shadow = await show({ initiallyOpen: false });
    const pointer = (type: string, clientX: number, clientY: number): boolean =>
      button(shadow).dispatchEvent(
        new PointerEvent(type, { clientX, clientY, pointerId: 1, bubbles: true, composed: true, cancelable: true }),
      );
    const { right, bottom } = button(shadow).getBoundingClientRect();
    vi.spyOn(button(shadow), 'setPointerCapture').mockReturnValue();
    pointer('pointerdown', right - 10, bottom - 10);
    pointer('pointermove', 200, 100);
    expect(button(shadow).getBoundingClientRect().left).toBeLessThan(200);
    pointer('pointerup', 200, 100);
    button(shadow).dispatchEvent(new MouseEvent('click', { detail: 1, bubbles: true, composed: true }));
    await vi.waitFor(() => expect(button(shadow).dataset['corner']).toBe('top-left'));
    const { left, top } = button(shadow).getBoundingClientRect();
    expect([left, top]).toEqual([16, 16]);
    await userEvent.click(button(shadow));
    await vi.waitFor(() => pick(shadow, '.panel.floating'));
    const window = pick(shadow, '.panel').getBoundingClientRect();
    expect([window.left, window.top]).toEqual([16, 16]);
  });
});

test.each([320, 390, 768])('at %i px the buttons of the header stand at the right of its first line', async (width) => {
  await page.viewport(width, 740);
  const shadow = await show({ inspector: [inspector, createInspector({ name: 'a connection with a long name' })] });
  const header = pick(shadow, '.header').getBoundingClientRect();
  const close = pick(shadow, '[aria-label="Close the inspector"]').getBoundingClientRect();
  expect(header.right - close.right).toBeLessThan(16);
  expect(close.bottom).toBeLessThanOrEqual(pick(shadow, '.tabs').getBoundingClientRect().top);
  const copy = pick(shadow, '[aria-label="Copy a report"]').getBoundingClientRect();
  expect(copy.top).toBe(close.top);
  expect(pick(shadow, '.now').getBoundingClientRect().right).toBeLessThanOrEqual(copy.left);
});

test('Tab reaches every control of a view, and the focus can be seen', async () => {
  const shadow = await show({ layout: 'docked' });
  pick(shadow, '#tab-overview').focus();
  const reached = new Set<string>();
  for (let n = 0; n < 30; n += 1) {
    await userEvent.keyboard('{Tab}');
    const at = shadow.activeElement;
    if (at === null) break;
    const style = getComputedStyle(at);
    expect(style.outlineStyle !== 'none' || at.matches('.resizer'), at.outerHTML.slice(0, 80)).toBe(true);
    reached.add(at.getAttribute('aria-label') ?? at.textContent ?? '');
  }
  for (const name of ['Copy a report', 'Close the inspector', 'Pause', 'Reconnect', 'Time shown']) {
    expect([...reached]).toContain(name);
  }
});
