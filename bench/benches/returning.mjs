import { holdfastKind, peerKinds } from '../simulation/clients.mjs';
import { CLIENTS, SEEDS, returning } from '../simulation/world.mjs';
import { table } from '../lib/table.mjs';

const OUTAGES_S = [1, 5, 20];

/** How long clients wait for a server that is back, and what they do to it. A simulation. */
export async function run() {
  const kinds = [await holdfastKind(), ...peerKinds()];
  const results = kinds.map((kind) => ({
    name: kind.name,
    settings: kind.says,
    source: kind.source,
    outages: OUTAGES_S.map((seconds) => ({ seconds, ...returning(kind, seconds * 1_000) })),
  }));
  const head = ['', ...OUTAGES_S.flatMap((seconds) => [`${seconds} s: wait`, 'load', 'tries'])];
  const rows = results.map(({ name, outages }) => [
    name,
    ...outages.flatMap(({ medianS, load, tries }) => [
      Number.isFinite(medianS) ? `${medianS.toFixed(2)} s` : 'never',
      Number.isFinite(load) ? load.toFixed(2) : '-',
      tries.toFixed(1),
    ]),
  ]);
  const text = [
    `Returning: a server is gone for so long and then takes everybody. ${CLIENTS} clients that lose it at one moment, mean of ${SEEDS} seeds.`,
    'wait: median from the return to the try that succeeds. load: tries in the busiest second x wait / clients; 0.5 is',
    'the limit for clients that know nothing of each other. tries: of one client while the server was gone.',
    '',
    table(head, rows),
    '',
    ...results.map(({ name, settings, source }) => `${name}: ${settings} (${source})`),
  ].join('\n');
  return { text, results };
}
