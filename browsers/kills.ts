import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Random } from '@holdfast/core/testing';
import { bundlePage } from '../scripts/bundle-page.mjs';
import type { BrowserName } from '../scripts/find-browser.mjs';
import type { KillsServerAnswer, KillsServerSettings, TakenRecord } from './kills-server.ts';
import { type Figures, judge, Ledger } from './kills-verdict.ts';
import type { Report } from './page/writer.ts';
import { PuppeteerBrowser, type PuppeteerPage } from './puppeteer-browser.ts';

export interface KillsOptions {
  readonly browser: BrowserName;
  /** How often the browser is killed. */
  readonly kills: number;
  /** Whether the handler writes the position in its own transaction: then nothing may be doubled at all. */
  readonly hasPositions: boolean;
  readonly seed: number;
  readonly print?: (line: string) => void;
}

const TABS = ['A', 'B'] as const;
const PER_SECOND = 300;
/** How long a browser writes at most before it is killed. */
const LONGEST_LIFE_MS = 2_000;
/** How often the server is killed in the life of a browser, too, and how long it is gone: maybe longer than the browser. */
const SERVER_KILL_CHANCE = 0.5;
const LONGEST_DOWN_MS = 1_000;
/** How often a browser is killed while its tabs are still being opened. */
const EARLY_KILL_CHANCE = 0.2;
const PATIENCE_MS = 120_000;

/**
 * Two tabs write into the outbox of one profile while the browser is killed at random moments, and the server at others.
 * The last browser is left alone until all has arrived. Gives what it counted; throws where a promise was broken.
 */
export async function runKills({ browser: name, kills, hasPositions, seed, print }: KillsOptions): Promise<Figures> {
  const chance = new Random(seed, `${name} ${hasPositions}`);
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-kills-'));
  const page = await bundlePage(fileURLToPath(new URL('page/writer.ts', import.meta.url)), 'holdfastWriter');
  writeFileSync(join(folder, 'page.js'), page);
  const ledger = new Ledger();
  const began = performance.now();
  let mostWaiting = 0;
  const server = await KilledServer.start(folder, hasPositions);
  try {
    for (let life = 1; life <= kills; life += 1) {
      const browser = await PuppeteerBrowser.launch(name, { profile: join(folder, 'profile') });
      const isEarly = chance.next() < EARLY_KILL_CHANCE;
      const opened = openTabs(browser, server.url, life, ledger);
      // Killed in the middle of it, what was asked of the browser fails.
      opened.catch(() => {});
      if (!isEarly) await opened;
      const lifeMs = chance.between(0, LONGEST_LIFE_MS);
      const serverKilledAt = chance.next() < SERVER_KILL_CHANCE ? chance.between(0, lifeMs) : null;
      await sleep(serverKilledAt ?? lifeMs);
      const back = serverKilledAt === null ? null : server.kill(chance.between(0, LONGEST_DOWN_MS));
      await sleep(lifeMs - (serverKilledAt ?? lifeMs));
      await browser.kill();
      await back;
      const waiting = ledger.missing(await server.taken()).length;
      mostWaiting = Math.max(mostWaiting, waiting);
      print?.(
        `${name} ${life} of ${kills}: killed after ${Math.round(lifeMs)} ms, ${waiting} messages wait in storage`,
      );
    }
    const last = await PuppeteerBrowser.launch(name, { profile: join(folder, 'profile') });
    const tabs = await openTabs(last, server.url, kills + 1, ledger);
    await sleep(LONGEST_LIFE_MS);
    for (const tab of tabs) await tab.page.evaluate(() => writer.stop());
    const taken = await allTaken(server, tabs, ledger);
    await last[Symbol.asyncDispose]();
    const ms = performance.now() - began;
    return { ...judge(ledger, taken, hasPositions), browserKills: kills, serverKills: server.kills, mostWaiting, ms };
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function openTabs(
  browser: PuppeteerBrowser,
  url: string,
  life: number,
  ledger: Ledger,
): Promise<readonly PuppeteerPage[]> {
  const pages: PuppeteerPage[] = [];
  for (const tab of TABS) {
    const page = await browser.newPage();
    await page.page.exposeFunction('report', (made: Report) => ledger.note(made));
    await open(page, url);
    await page.page.evaluate((...given) => writer.start(...given), tab, life, PER_SECOND);
    pages.push(page);
  }
  return pages;
}

/** The server may be down right now. */
async function open(page: PuppeteerPage, url: string): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      await page.open(url);
      return;
    } catch (error) {
      if (performance.now() > until || !page.page.browser().connected) throw error;
      await sleep(50);
    }
  }
}

/** Waits until nothing is left in the outbox, and all that was stored has come. What is missing then is lost. */
async function allTaken(
  server: KilledServer,
  tabs: readonly PuppeteerPage[],
  ledger: Ledger,
): Promise<readonly TakenRecord[]> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const left = await Promise.all(tabs.map(({ page }) => page.evaluate(() => writer.left())));
    const taken = await server.taken();
    const isAll = left.every((count) => count === 0) && ledger.missing(taken).length === 0;
    if (!isAll && performance.now() > until) {
      for (const { page } of tabs) console.error(JSON.stringify(await page.evaluate(() => writer.storage())));
    }
    if (isAll || performance.now() > until) return taken;
    await sleep(200);
  }
}

/** The server's process, which is killed and started again at the same port. */
class KilledServer {
  kills = 0;
  readonly #settings: KillsServerSettings;
  #child: ChildProcess;

  static async start(folder: string, hasPositions: boolean): Promise<KilledServer> {
    const settings = { folder, hasPositions, port: 0 };
    const { child, port } = await spawn(settings);
    return new KilledServer({ ...settings, port }, child);
  }

  private constructor(settings: KillsServerSettings, child: ChildProcess) {
    this.#settings = settings;
    this.#child = child;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#settings.port}/`;
  }

  /** Resolves when the next one listens, which is started after `downMs`. */
  async kill(downMs: number): Promise<void> {
    this.kills += 1;
    await this.#end();
    await sleep(downMs);
    this.#child = (await spawn(this.#settings)).child;
  }

  async taken(): Promise<readonly TakenRecord[]> {
    this.#child.send('taken');
    const [answer] = (await once(this.#child, 'message')) as [KillsServerAnswer];
    return 'taken' in answer ? answer.taken : [];
  }

  stop(): Promise<void> {
    return this.#end();
  }

  async #end(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}

async function spawn(settings: KillsServerSettings): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(new URL('kills-server.mjs', import.meta.url), [JSON.stringify(settings)]);
  const [answer] = (await once(child, 'message')) as [KillsServerAnswer];
  if (!('port' in answer)) throw new Error('the server did not say where it listens');
  return { child, port: answer.port };
}
