import { seconds, sleep, startOutages, summary } from '../lib/outages.mjs';
import { table } from '../lib/table.mjs';

const OUTAGES_S = [1, 5, 20];
const PAGES_EACH = 3;
const PATIENCE_MS = 30_000;

/**
 * A server refuses connections for a while: how long after it takes them again is each contender open?
 *
 * @param {{ samples: number }} options how many connections of each contender go through each outage
 */
export async function run({ samples }) {
  const outages = await startOutages();
  try {
    /** @type {Map<string, (number | null)[]>} */
    const times = new Map();
    for (const outageS of OUTAGES_S) {
      for (let done = 0; done < samples; done += PAGES_EACH) {
        const opened = await outages.open(PAGES_EACH);
        await outages.proxy.down();
        await sleep(outageS * 1_000);
        await outages.proxy.up();
        const since = Date.now();
        for (const { contender, ms } of await outages.reopened(opened, since, PATIENCE_MS)) {
          const key = `${contender.name} ${outageS}`;
          times.set(key, [...(times.get(key) ?? []), ms]);
        }
        await outages.close(opened);
      }
    }
    const results = outages.all.map((contender) => ({
      name: contender.label,
      settings: contender.missing ?? contender.settings,
      missing: contender.missing !== undefined,
      outages: OUTAGES_S.map((outageS) => {
        const waits = times.get(`${contender.name} ${outageS}`) ?? [];
        return { outageS, waits, ...summary(waits) };
      }),
    }));
    const text = [
      `Reopening in Chromium ${outages.version}: from the moment when the server takes connections again to open, after an outage of`,
      `that length. Median and worst of ${results[0]?.outages[0]?.count} connections each, one a page, a new page each time.`,
      '',
      table(
        ['', ...OUTAGES_S.flatMap((outageS) => [`${outageS} s: median`, 'worst'])],
        results.map(({ name, missing, outages: measured }) => [
          name,
          ...measured.flatMap(({ medianMs, worstMs }) =>
            missing ? ['missing', ''] : [seconds(medianMs, PATIENCE_MS), seconds(worstMs, PATIENCE_MS)],
          ),
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
