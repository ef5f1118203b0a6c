import { holdfastKind, peerKinds } from '../simulation/clients.mjs';
import { BURST_S, CLIENTS, SEEDS, bucketGate, herd, slotGate } from '../simulation/world.mjs';
import { measureCosts } from '../server/refusal-costs.mjs';
import { table } from '../lib/table.mjs';

const OUTAGE_MS = 10_000;
const PER_SECOND = 1_000;

/** How a server that can't take everybody at once gets its clients back. A simulation with measured costs. */
export async function run() {
  const costs = await measureCosts();
  const holdfast = await holdfastKind();
  const world = { outageMs: OUTAGE_MS, costs, gate: () => bucketGate(PER_SECOND) };
  const withSlots = { ...world, gate: () => slotGate(holdfast.admission, PER_SECOND) };
  const results = [
    { ...holdfast, name: 'Holdfast with slots', ...herd(holdfast, withSlots) },
    { ...holdfast, name: 'Holdfast without', ...herd(holdfast, world) },
    ...peerKinds().map((kind) => ({ ...kind, ...herd(kind, world) })),
  ].map(({ create: _create, admission: _admission, ...result }) => result);
  const head = ['', '99 % back', 'refusals', 'most of one', 'tries in 100 ms', 'CPU of refusals'];
  const rows = results.map(({ name, backS, back, refusals, mostRefusals, peak, refusalWorkS }) => [
    name,
    Number.isFinite(backS) ? `${backS.toFixed(1)} s` : `never: ${((back / CLIENTS) * 100).toFixed(0)} %`,
    refusals.toFixed(0),
    String(mostRefusals),
    peak.toFixed(0),
    `${refusalWorkS.toFixed(2)} s`,
  ]);
  const text = [
    `Herd: a server is gone for ${OUTAGE_MS / 1_000} s and then lets ${PER_SECOND} in a second (ideal: ${CLIENTS / PER_SECOND} s); ${CLIENTS} clients, mean of ${SEEDS} seeds.`,
    `A refusal is a whole upgrade and a close frame (1013). Measured now on a local ws server: ${costs.acceptMs.toFixed(3)} ms of CPU for an`,
    `accept, ${costs.refuseMs.toFixed(3)} ms for a refusal (${(costs.refuseMs / costs.acceptMs).toFixed(2)} x); one core does them one after the other. It saves up ${BURST_S * 1_000} ms of accepts.`,
    'A refusal counts as a failed try for every client, also for those that start over after each upgrade.',
    '',
    table(head, rows),
    '',
    ...results.map(({ name, says, source }) => `${name}: ${says} (${source})`),
  ].join('\n');
  return { text, results: { costs, results } };
}
