import type { Page } from 'puppeteer-core';
import { vi } from 'vitest';
import type { LaneName } from '../src/messages.ts';

/** What it takes to use the page, in any browser: the part of Puppeteer's page that others can do, too. */
export type Hands = Pick<
  Page,
  'goto' | 'reload' | 'click' | 'select' | 'evaluate' | '$eval' | '$$eval' | 'waitForSelector'
>;

/** The page as a person uses it: by its fields and buttons. */
export class DemoPage<Inside extends Hands = Page> {
  readonly page: Inside;

  constructor(page: Inside) {
    this.page = page;
  }

  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await this.#isThere();
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.#isThere();
  }

  /** Fires a burst and resolves when the page shows it. */
  async fire(size: number): Promise<void> {
    const before = await this.#sent();
    await this.page.select('.burst select', String(size));
    await this.page.click('[data-testid="burst"]');
    await vi.waitUntil(async () => (await this.#sent()) === before + size, { timeout: 10_000, interval: 5 });
  }

  async say(this: DemoPage, text: string): Promise<void> {
    await this.page.type('.compose input', text);
    await this.page.click('.compose button');
  }

  run(): Promise<string> {
    return this.page.evaluate(() => sessionStorage.getItem('holdfast-demo.run') ?? '');
  }

  phase(): Promise<string> {
    return this.page.$eval('[data-testid="phase"]', (element) => element.getAttribute('data-phase') ?? '');
  }

  count(status: string): Promise<number> {
    return this.#number(`count-${status}`);
  }

  /** A number of a lane, by the name that stands under it. */
  lane(lane: LaneName, name: 'arrived' | 'lost' | 'doubled' | 'out of order' | 'not there yet'): Promise<number> {
    return this.#number(`${lane}-${name.replaceAll(' ', '-')}`);
  }

  async laneFaults(lane: LaneName): Promise<{ lost: number; doubled: number; outOfOrder: number }> {
    return {
      lost: await this.lane(lane, 'lost'),
      doubled: await this.lane(lane, 'doubled'),
      outOfOrder: await this.lane(lane, 'out of order'),
    };
  }

  /** Draws with the mouse through these points of the board, from 0 to 1. */
  async draw(this: DemoPage, points: readonly (readonly [x: number, y: number])[]): Promise<void> {
    const box = await (await this.page.waitForSelector('[data-testid="board"]'))!.boundingBox();
    const [first, ...rest] = points.map(([x, y]) => [box!.x + x * box!.width, box!.y + y * box!.height] as const);
    await this.page.mouse.move(...first!);
    await this.page.mouse.down();
    for (const point of rest) await this.page.mouse.move(...point, { steps: 10 });
    await this.page.mouse.up();
  }

  board(): Promise<{ lines: number; pending: number; digest: string }> {
    return this.page.$eval('[data-testid="board"]', (element) => ({
      lines: Number(element.getAttribute('data-lines')),
      pending: Number(element.getAttribute('data-pending')),
      digest: element.getAttribute('data-digest') ?? '',
    }));
  }

  press(name: string): Promise<void> {
    return this.page.click(`[data-testid="${name}"]`);
  }

  text(selector: string): Promise<string> {
    return this.page.$eval(selector, (element) => (element as HTMLElement).innerText);
  }

  async untilPhase(phase: string, timeout = 30_000): Promise<void> {
    await vi.waitUntil(async () => (await this.phase()) === phase, { timeout, interval: 50 });
  }

  /** Until a lane has heard that its connection is gone. */
  async untilLaneIsDown(lane: LaneName): Promise<void> {
    const down = `[data-lane="${lane}"] .lane-state:not(.is-open)`;
    await vi.waitUntil(async () => (await this.#countOf(down)) > 0, { timeout: 10_000, interval: 20 });
  }

  async untilLanesOpen(): Promise<void> {
    await vi.waitUntil(async () => (await this.#countOf('.lane-state.is-open')) === 3, {
      timeout: 30_000,
      interval: 50,
    });
  }

  /** Until nothing would be lost with this page. */
  async untilStored(): Promise<void> {
    await vi.waitUntil(async () => (await this.count('waiting')) === 0, { timeout: 20_000, interval: 20 });
  }

  /** The states of the connection, oldest first. */
  history(): Promise<{ phase: string; at: number }[]> {
    return this.page.$$eval('.history li', (items) =>
      items
        .map((item) => ({ phase: item.getAttribute('data-phase') ?? '', at: Number(item.getAttribute('data-at')) }))
        .reverse(),
    );
  }

  async #number(testId: string): Promise<number> {
    const text = await this.page.$eval(`[data-testid="${testId}"]`, (element) => element.textContent ?? '');
    return Number(text.replaceAll(',', ''));
  }

  #countOf(selector: string): Promise<number> {
    return this.page.$$eval(selector, (elements) => elements.length);
  }

  async #sent(): Promise<number> {
    const counts = await this.page.$$eval('.legend dd', (cells) => cells.map((cell) => cell.textContent ?? ''));
    return counts.reduce((sum, text) => sum + Number(text.replaceAll(',', '')), 0);
  }

  async #isThere(): Promise<void> {
    await this.page.waitForSelector('[data-testid="phase"]', { timeout: 20_000 });
  }
}
