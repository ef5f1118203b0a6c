import { setTimeout as sleep } from 'node:timers/promises';
import { whyNoNamespaces } from '../scripts/namespaces.mjs';
import type { StartOptions } from './page/harness.ts';
import type { Moment } from './page/moments.ts';
import { NetworkNamespace } from './network-namespace.ts';
import { PuppeteerBrowser, type PuppeteerPage } from './puppeteer-browser.ts';
import { openPage } from './remote-page.ts';
import { TestServer } from './test-server.ts';

interface Stage {
  readonly network: NetworkNamespace;
  readonly server: TestServer;
  readonly browser: PuppeteerBrowser;
  readonly page: PuppeteerPage;
}

/** Does something to the connection and gives the moment from which to count. */
type Fault = (stage: Stage) => Promise<number>;
/** Named times of one run, milliseconds. */
type Figures = { readonly [name: string]: number };

interface Scenario {
  readonly protocols: readonly StartOptions['protocol'][];
  readonly fault: Fault;
  /** The heartbeat asks after minutes, and nothing is sent before the page has another connection: only the hint helps. */
  readonly isOnlyHinted?: boolean;
  /** Nothing is sent before the page has another connection. */
  readonly isSilent?: boolean;
  /** Default: as many as asked for. */
  readonly mostRuns?: number;
}

const BOTH = ['holdfast', 'plain'] as const;
const PATIENT = { intervalMs: 600_000, timeoutMs: 5_000 };
/** So that no figure has the first seconds of a connection in it, in which much is asked more often. */
const SETTLED_MS = 6_000;
const SETTLING_MS = 600;
const PATIENCE_MS = 40_000;

const scenarios: { readonly [name: string]: Scenario } = {
  'cable out until noticed': { protocols: ['holdfast'], fault: (stage) => cable(stage, 3_000) },
  'cable out until noticed, then 600 ms unreachable': {
    protocols: ['holdfast'],
    fault: (stage) => cable(stage, 3_000, 'unreachable'),
  },
  'cable out until noticed, then 600 ms of loss': {
    protocols: ['holdfast'],
    fault: (stage) => cable(stage, 3_000, 'loss'),
  },
  'cable out for 100 ms': { protocols: BOTH, fault: (stage) => cable(stage, 100) },
  'cable out for 100 ms, old connection dead': { protocols: BOTH, fault: (stage) => cable(stage, 100, 'dead') },
  'black hole, steady, default heartbeat': {
    protocols: ['holdfast'],
    isSilent: true,
    mostRuns: 5,
    fault: ({ server }) => from(() => server.blackHole()),
  },
  'black hole, data sent': {
    protocols: ['holdfast'],
    isOnlyHinted: true,
    fault: ({ server, page }) =>
      from(async () => {
        server.blackHole();
        await page.call('send', 11, 11);
      }),
  },
  'black hole, focus': {
    protocols: BOTH,
    isOnlyHinted: true,
    fault: ({ server, page }) =>
      from(async () => {
        server.blackHole();
        await page.call('refocus');
      }),
  },
  'black hole, wake-up after 11 s': {
    protocols: BOTH,
    mostRuns: 3,
    isOnlyHinted: true,
    fault: async ({ server, browser }) => {
      server.blackHole();
      browser.sleep();
      await sleep(11_000);
      return from(() => browser.wake());
    },
  },
};

/** Prints a line for each figure of each scenario whose name has `only` in it. */
export async function measure(runs: number, only: string): Promise<void> {
  const why = whyNoNamespaces();
  if (why !== null) throw new Error(why);
  using network = new NetworkNamespace();
  await using server = await TestServer.start({ host: network.outerAddress, isSecure: true });
  await using browser = await PuppeteerBrowser.launch('chromium', { namespace: network });
  for (const [name, scenario] of Object.entries(scenarios)) {
    if (!name.includes(only)) continue;
    for (const protocol of scenario.protocols) {
      const all: Figures[] = [];
      for (let run = 0; run < Math.min(runs, scenario.mostRuns ?? runs); run += 1) {
        all.push(await once({ network, server, browser, page: await browser.newPage() }, protocol, scenario));
      }
      console.log(`${name}, ${protocol}`);
      for (const figure of Object.keys(all[0] ?? {})) {
        console.log(`  ${figure.padEnd(28)}${summary(all.map((figures) => figures[figure] ?? Number.NaN))}`);
      }
    }
  }
}

async function once(stage: Stage, protocol: StartOptions['protocol'], scenario: Scenario): Promise<Figures> {
  const { network, server, page } = stage;
  const { isOnlyHinted = false, isSilent = isOnlyHinted, fault } = scenario;
  const run = server.newRun();
  await openPage(page, server.url);
  const options = isOnlyHinted && protocol === 'holdfast' ? { heartbeat: PATIENT } : {};
  await page.call('start', { run, protocol, options });
  await page.call('send', 1, 10);
  await found(page, ({ type, detail }) => type === 'phase' && detail === 'open', 0);
  await sleep(SETTLED_MS);
  const before = (await page.call('moments')).length;
  const upgraded = server.upgrades;
  const since = await fault(stage);
  if (isSilent) await found(page, ({ type }) => type === 'opened', since);
  const backAt = await answered(page, protocol);
  await sleep(500);
  const moments = (await page.call('moments')).slice(before).filter(({ at }) => at >= since);
  const first = (type: string): number => (moments.find((moment) => moment.type === type)?.at ?? Number.NaN) - since;
  await page.page.close();
  network.up();
  return {
    'online after': first('online'),
    'connect after': first('connect'),
    'connect after online': first('connect') - first('online'),
    'opened after': first('opened'),
    'answered after': backAt - since,
    'connections tried': moments.filter(({ type }) => type === 'connect').length,
    'accepted by the server': server.upgrades - upgraded,
  };
}

/** Whether by the old connection or by another: an answer proves that the page is back. */
async function answered(page: PuppeteerPage, protocol: StartOptions['protocol']): Promise<number> {
  const deadline = Date.now() + PATIENCE_MS;
  for (let number = 100; Date.now() < deadline; number += 1) {
    // What plain() has written into a dead connection is lost: it is asked again and again.
    if (protocol === 'plain' || number === 100) await page.call('send', number, number);
    await sleep(10);
    if ((await page.call('replies')).some((reply) => reply >= 100)) return Date.now();
  }
  return Number.NaN;
}

async function cable(stage: Stage, outMs: number, then?: 'unreachable' | 'loss' | 'dead'): Promise<number> {
  const { network, server } = stage;
  network.down();
  if (then === 'dead') server.blackHole();
  await sleep(outMs);
  if (then === 'unreachable') network.block();
  if (then === 'loss') network.drop();
  const since = Date.now();
  network.up();
  if (then === 'unreachable' || then === 'loss') {
    await sleep(SETTLING_MS);
    network.unblock();
    network.deliver();
  }
  return since;
}

async function from(run: () => void | Promise<void>): Promise<number> {
  const since = Date.now();
  await run();
  return since;
}

async function found(page: PuppeteerPage, wanted: (moment: Moment) => boolean, since: number): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await page.call('moments')).some((moment) => moment.at >= since && wanted(moment))) {
    if (Date.now() > deadline) return;
    await sleep(20);
  }
}

function summary(all: readonly number[]): string {
  const values = all.filter((value) => !Number.isNaN(value)).sort((one, other) => one - other);
  if (values.length === 0) return 'never';
  const show = (value: number | undefined): string => (value ?? Number.NaN).toFixed(0);
  const range = `${show(values[0])} to ${show(values.at(-1))}`;
  return `${show(values[Math.floor(values.length / 2)])}  (${range}, ${values.length} of ${all.length} runs)`;
}
