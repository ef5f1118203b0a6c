import type { Page } from 'puppeteer-core';
import { vi } from 'vitest';

/** The page as a person uses it: by its fields and buttons. */
export class DemoPage {
  readonly page: Page;

  constructor(page: Page) {
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

  async say(text: string): Promise<void> {
    await this.page.type('.compose input', text);
    await this.page.click('.compose button');
  }

  run(): Promise<string> {
    return this.page.evaluate(() => sessionStorage.getItem('holdfast-demo.run') ?? '');
  }

  phase(): Promise<string> {
    return this.page.$eval('[data-testid="phase"]', (element) => element.getAttribute('data-phase') ?? '');
  }

  async count(status: string): Promise<number> {
    const text = await this.page.$eval(`[data-testid="count-${status}"]`, (element) => element.textContent ?? '');
    return Number(text.replaceAll(',', ''));
  }

  text(selector: string): Promise<string> {
    return this.page.$eval(selector, (element) => (element as HTMLElement).innerText);
  }

  async untilPhase(phase: string, timeout = 30_000): Promise<void> {
    await vi.waitUntil(async () => (await this.phase()) === phase, { timeout, interval: 50 });
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

  async #sent(): Promise<number> {
    const counts = await this.page.$$eval('.legend dd', (cells) => cells.map((cell) => cell.textContent ?? ''));
    return counts.reduce((sum, text) => sum + Number(text.replaceAll(',', '')), 0);
  }

  async #isThere(): Promise<void> {
    await this.page.waitForSelector('[data-testid="phase"]', { timeout: 20_000 });
  }
}
