import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { missing } from './browser.ts';
import type { DemoPage } from './demo-page.ts';
import { type Demo, startDemo } from './demo.ts';
import { visit, visitInWebKit } from './visit.ts';

/** Where to keep pictures for people; without it the page is only measured. */
const folder = process.env['SCREENSHOTS'];

const sizes = {
  wide: { width: 1920, height: 1080 },
  desktop: { width: 1440, height: 900 },
  laptop: { width: 1366, height: 768 },
  low: { width: 1280, height: 720 },
  narrow: { width: 1024, height: 768 },
  tablet: { width: 768, height: 1024 },
  phone: { width: 390, height: 844 },
  small: { width: 320, height: 568 },
};
const scenes = ['open', 'burst', 'waiting', 'frozen', 'lost', 'suffering'] as const;

describe.skipIf(missing('chromium') !== null)('the page', () => {
  let demo: Demo;
  beforeAll(async () => {
    demo = await startDemo();
    if (folder !== undefined) mkdirSync(folder, { recursive: true });
  });
  afterEach(async () => {
    for (const name of ['thaw', 'cut']) await demo.fault(name);
    await demo.fault('refuse', { refusing: false });
    await demo.fault('delay', { delayMs: 0 });
  });
  afterAll(async () => {
    expect(await demo.stop()).toBe(0);
  });

  test('who presses a fault sees the board and what each lane counts, without scrolling', async () => {
    await using visited = await visit(demo);
    const { browser, page } = visited;
    await page.untilLanesOpen();
    for (const [size, viewport] of Object.entries(sizes)) {
      await browser.page.setViewport(viewport);
      const hidden = await browser.page.evaluate((isWide) => {
        const inSight = (element: Element): boolean => {
          const { left, top, right, bottom, x, y, width, height } = element.getBoundingClientRect();
          const isInside = left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
          const seen = document.elementFromPoint(x + width / 2, y + height / 2);
          return isInside && seen !== null && (element.contains(seen) || seen.contains(element));
        };
        const effects = [...document.querySelectorAll('.board, .lane-counts dd, [data-testid="phase"]')];
        const buttons = [...document.querySelectorAll('.fault')];
        scrollTo(0, 0);
        return buttons.flatMap((button) => {
          // On a small screen the buttons scroll below what they act on.
          if (!isWide) button.scrollIntoView({ block: 'nearest' });
          return [button, ...effects].filter((element) => !inSight(element)).map(({ outerHTML }) => outerHTML);
        });
      }, viewport.width > 960);
      expect([size, hidden]).toEqual([size, []]);
    }
  });

  test('the inspector at the right covers nothing of the board, the counts and the buttons', async () => {
    await using visited = await visit(demo);
    const { browser, page } = visited;
    await page.untilLanesOpen();
    await browser.page.setViewport(sizes.laptop);
    await page.press('inspect');
    await (await browser.page.waitForSelector('>>> [aria-label="Dock at the right"]'))!.click();
    const covered = (): Promise<string[]> =>
      browser.page.$$eval('.board, .lane-counts dd, .fault, .toolbar .button, [data-testid="phase"]', (elements) =>
        elements
          .filter((element) => {
            element.scrollIntoView({ block: 'nearest' });
            const { left, right, x, y, width, height } = element.getBoundingClientRect();
            const seen = document.elementFromPoint(x + width / 2, y + height / 2);
            const edge = innerWidth - Number.parseFloat(getComputedStyle(document.documentElement).paddingRight);
            return left < 0 || right > edge || edge > innerWidth - 300 || !element.contains(seen);
          })
          .map(({ outerHTML }) => outerHTML.slice(0, 200)),
      );
    await expect.poll(covered, { timeout: 10_000 }).toEqual([]);
    expect(await browser.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    expect(browser.faults).toEqual([]);
  });

  test.each(scenes)('%s: fits every width and can be read in light and dark', async (scene) => {
    await using visited = await visit(demo);
    const { browser, page } = visited;
    await page.say('Is anybody out there?');
    await vi.waitUntil(async () => (await page.count('delivered')) === 1, { timeout: 10_000 });
    await stage(scene, page, demo);

    for (const [size, viewport] of Object.entries(sizes)) {
      await browser.page.setViewport(viewport);
      for (const scheme of ['light', 'dark']) {
        // Without motion: a colour that is still on its way to another is no colour of the page.
        await browser.page.emulateMediaFeatures([
          { name: 'prefers-color-scheme', value: scheme },
          { name: 'prefers-reduced-motion', value: 'reduce' },
        ]);
        await browser.page.evaluate(
          () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
        );
        if (folder !== undefined) {
          const file: `${string}.png` = `${folder}/${scene}-${size}-${scheme}.png`;
          await browser.page.screenshot({ path: file, fullPage: true });
        }
        const seen = await browser.page.evaluate(measure);
        expect({ size, scheme, ...seen }).toEqual({ size, scheme, overflow: 0, faint: [], unnamed: [], cut: [] });
      }
    }
    expect(browser.faults).toEqual([]);
  });
});

describe.skipIf(missing('webkit') !== null)('the page in WebKitGTK', () => {
  test('the words of a button stay within it when the window gets another width', async () => {
    const demo = await startDemo();
    try {
      await using visited = await visitInWebKit(demo);
      const { browser, page } = visited;
      for (const width of [1_024, 1_280, 1_440, 700, 1_280]) {
        await browser.resize(width, 900);
        await expect.poll(() => page.page.evaluate(() => innerWidth), { timeout: 10_000 }).toBe(width);
        const over = await page.page.$$eval('.fault', (buttons) =>
          buttons
            .filter((button) => {
              const [name, what] = [...button.children].slice(1).map((part) => part.getBoundingClientRect());
              // The lines of a name are a little lower than its letters.
              return name!.bottom > what!.top + 1 || what!.bottom > button.getBoundingClientRect().bottom;
            })
            .map(({ outerHTML }) => outerHTML),
        );
        expect([width, over]).toEqual([width, []]);
      }
      expect(await browser.faults()).toEqual([]);
    } finally {
      expect(await demo.stop()).toBe(0);
    }
  });
});

async function stage(scene: (typeof scenes)[number], page: DemoPage, demo: Demo): Promise<void> {
  switch (scene) {
    case 'open':
      return;
    case 'burst':
      await demo.fault('delay', { delayMs: 750 });
      await page.fire(1_000);
      await page.untilStored();
      return;
    case 'waiting':
      await demo.fault('refuse', { refusing: true });
      await demo.fault('cut');
      await page.untilPhase('waiting');
      await page.fire(100);
      // Far enough apart for a picture in between.
      await vi.waitUntil(async () => (await page.history()).length > 9, { timeout: 30_000 });
      await page.untilPhase('waiting');
      return;
    case 'frozen':
      await demo.fault('freeze');
      await page.fire(5_000);
      await page.untilStored();
      return;
    case 'suffering':
      await page.fire(1_000);
      await demo.fault('cut');
      await page.untilPhase('open');
      await page.fire(5_000);
      await page.untilStored();
      await demo.fault('restart', { downtimeMs: 20_000 });
      await page.reload();
      await page.untilPhase('waiting');
      return;
    case 'lost':
      await page.press('pilot');
      await sleep(3_000);
      await page.press('strand');
      await sleep(2_000);
      await page.press('cut');
      await page.untilLanesOpen();
      await sleep(2_000);
      await page.press('pilot');
      await vi.waitUntil(async () => (await page.lane('plain', 'lost')) > 0, { timeout: 10_000 });
  }
}

/** Runs in the page: what is wider than the window, too faint to read, without a name, or has no room for its words. */
function measure(): { overflow: number; faint: string[]; unnamed: string[]; cut: string[] } {
  const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
  const read = (color: string): number[] => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = color;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (color: number[]): number => {
    const [red = 0, green = 0, blue = 0] = color.map((part) =>
      part / 255 <= 0.03928 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (element: Element | null): number[] => {
    if (element === null) return [255, 255, 255, 255];
    const color = read(getComputedStyle(element).backgroundColor);
    return color[3] === 255 ? color : ground(element.parentElement);
  };
  const faint = new Set<string>();
  for (const element of document.querySelectorAll('body *')) {
    const hasText = [...element.childNodes].some(
      (node) => node.nodeType === 3 && (node.textContent ?? '').trim() !== '',
    );
    if (!hasText || element.closest(':disabled, .only-heard, option, noscript, script') !== null) continue;
    const style = getComputedStyle(element);
    const size = Number.parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const pair = [luminance(read(style.color)), luminance(ground(element))].sort((a, b) => b - a);
    const contrast = ((pair[0] ?? 0) + 0.05) / ((pair[1] ?? 0) + 0.05);
    if (contrast < (isLarge ? 3 : 4.5)) faint.add(`${element.className || element.tagName}: ${contrast.toFixed(2)}`);
  }
  const unnamed = [...document.querySelectorAll<HTMLElement>('button, input, select, [tabindex]')]
    .filter((element) => {
      const labels = (element as HTMLInputElement).labels?.length ?? 0;
      return element.innerText.trim() === '' && labels === 0 && element.getAttribute('aria-label') === null;
    })
    .map((element) => element.outerHTML.slice(0, 80));
  const whole =
    'h1, h2, .button, .legend dt, .legend dd, .lane-head h3, .lane-counts dd, .lanes-columns span, .fault strong, .fault, ' +
    '.queue-note, .room-note, .facts dt, .facts dd, .stage-status .badge, .stage-status dd, .burst select';
  const cut = [...document.querySelectorAll<HTMLElement>(whole)]
    .filter((element) => {
      const { clientWidth, clientHeight, scrollWidth, scrollHeight } = element;
      const isNarrow =
        element.matches('select') && clientWidth < 6 * Number.parseFloat(getComputedStyle(element).fontSize);
      const words = document.createRange();
      words.selectNodeContents(element);
      const isWide = element.matches('.fault strong') && words.getBoundingClientRect().width > clientWidth + 0.5;
      return (
        clientWidth > 0 && (isNarrow || isWide || scrollWidth > clientWidth + 1 || scrollHeight > clientHeight + 3)
      );
    })
    .map(({ className, innerText }) => `${className} ${innerText}`);
  return { overflow: document.documentElement.scrollWidth - innerWidth, faint: [...faint], unnamed, cut };
}
