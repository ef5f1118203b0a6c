import { seconds, sleep, startOutages, summary } from '../lib/outages.mjs';
import { table } from '../lib/table.mjs';

const PAGES_EACH = 4;
const PATIENCE_MS = 65_000;
/** How long the link has been silent when the hint or the message comes. */
const SILENT_BEFORE_MS = 2_000;

/**
 * What happens once the link is silent, other than nothing. Hints are dispatched, not real: a link that goes away for real is
 * another test's matter.
 *
 * @type {readonly { name: string, act: null | ((page: import('playwright-core').Page) => Promise<void>) }[]}
 */
const scenes = [
  { name: 'nothing happens', act: null },
  {
    name: 'offline, online',
    act: (page) =>
      page.evaluate(() => {
        dispatchEvent(new Event('offline'));
        dispatchEvent(new Event('online'));
      }),
  },
  {
    name: 'visibilitychange',
    act: (page) => page.evaluate(() => void document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))),
  },
  { name: 'focus', act: (page) => page.evaluate(() => void dispatchEvent(new Event('focus'))) },
  { name: 'a message is sent', act: (page) => page.evaluate(() => void globalThis.bench.send('p still there?')) },
];

/**
 * The link goes silent and nobody says so: how long until a contender has noticed and is open again on a new connection?
 *
 * @param {{ samples: number }} options how many connections of each contender go through each scene
 */
export async function run({ samples }) {
  const outages = await startOutages();
  try {
    /** @type {Map<string, (number | null)[]>} */
    const times = new Map();
    for (const { name, act } of scenes) {
      for (let done = 0; done < samples; done += PAGES_EACH) {
        const opened = await outages.open(PAGES_EACH);
        outages.proxy.silence();
        let since = Date.now();
        if (act !== null) {
          await sleep(SILENT_BEFORE_MS);
          since = Date.now();
          for (const { page } of opened) await act(page);
        }
        for (const { contender, ms } of await outages.reopened(opened, since, PATIENCE_MS)) {
          const key = `${contender.name} ${name}`;
          times.set(key, [...(times.get(key) ?? []), ms]);
        }
        await outages.close(opened);
      }
    }
    const results = outages.all.map((contender) => ({
      name: contender.label,
      settings: contender.missing ?? contender.settings,
      missing: contender.missing !== undefined,
      scenes: scenes.map(({ name: scene }) => {
        const waits = times.get(`${contender.name} ${scene}`) ?? [];
        return { scene, waits, ...summary(waits) };
      }),
    }));
    const text = [
      `Black hole in Chromium ${outages.version}: a connection goes silent without an end, new ones work. Time until a new one is open,`,
      `from the silence on, or from the hint or the message, which comes ${SILENT_BEFORE_MS / 1_000} s later. Worst of ${results[0]?.scenes[0]?.count} connections each.`,
      '',
      table(
        ['', ...scenes.map(({ name }) => name)],
        results.map(({ name, missing, scenes: measured }) => [
          name,
          ...measured.map(({ worstMs }) => (missing ? 'missing' : seconds(worstMs, PATIENCE_MS))),
        ]),
      ),
      '',
      ...results.map(({ name, settings }) => `${name}: ${settings}`),
    ].join('\n');
    return { text, results: { chromium: outages.version, results } };
  } finally {
    await outages.stop();
  }
}
