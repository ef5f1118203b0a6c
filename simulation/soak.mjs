/**
 * Fresh seeds on all cores, for a given time or up to a given number:
 * `npm run soak -- --minutes 10 | --seeds 100000 [--from 1000000] [--workers 2]`. A run that was ended goes on with
 * `--resume`: `.soak.json` knows where it stands and which seeds broke.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { inWorkers } from './workers.mjs';

const BLOCK = 50;
const STATE_FILE = new URL('.soak.json', import.meta.url);

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seeds: { type: 'string' },
    from: { type: 'string' },
    workers: { type: 'string' },
    resume: { type: 'boolean', default: false },
  },
});
const minutes = numberOf('minutes', 0);
const wanted = numberOf('seeds', 1);
const workers = numberOf('workers', 1) ?? availableParallelism();

/**
 * What `--resume` reads. Every seed below `next` has run.
 *
 * @type {{
 *   from: number, to: number | null, next: number, virtualMs: number, seconds: number,
 *   broken: { seed: number, invariant: string, text: string }[],
 * }}
 */
const state = values.resume ? saved() : fresh();
const to = state.to ?? Infinity;
const before = state.seconds;
const began = performance.now();
// Where there is neither a number of seeds nor a time, five minutes.
const until = began + (minutes ?? (state.to === null ? 5 : Infinity)) * 60_000;

let handedOut = state.next;
let ran = 0;
let lastSaid = began;
/** Blocks that are done while one before them is not, by their first seed. */
const ahead = new Map();
/** @type {Set<string>} */
const described = new Set();

await inWorkers(
  new URL('soak-worker.mjs', import.meta.url),
  () => {
    if (handedOut >= to || performance.now() >= until) return undefined;
    const from = handedOut;
    handedOut = Math.min(from + BLOCK, to);
    return { from, to: handedOut };
  },
  (job, /** @type {any} */ result) => {
    ran += job.to - job.from;
    for (const { description, ...fault } of result.broken) tell(fault, description);
    ahead.set(job.from, { to: job.to, virtualMs: result.virtualMs });
    for (let block = ahead.get(state.next); block !== undefined; block = ahead.get(state.next)) {
      ahead.delete(state.next);
      state.next = block.to;
      state.virtualMs += block.virtualMs;
    }
    save();
    if (performance.now() - lastSaid < 30_000) return;
    lastSaid = performance.now();
    console.log(`${state.next - state.from} seeds, ${rate()} seeds/s, ${state.broken.length} broken`);
  },
  workers,
);

const hours = (state.virtualMs / 3_600_000).toFixed(1);
const brokenSeeds = state.broken.map(({ seed }) => seed).join(' ');
const verdict = brokenSeeds === '' ? 'all invariants held' : `broken: ${brokenSeeds}`;
console.log(`${rate()} seeds/s with ${workers} workers`);
console.log(
  `${state.next - state.from} seeds from ${state.from} in ${state.seconds.toFixed(0)} s, ${hours} hours of virtual time: ${verdict}`,
);
if (state.to !== null && state.next < state.to) console.log(`${state.to - state.next} are left: --resume goes on`);
process.exitCode = state.broken.length === 0 ? 0 : 1;

/**
 * @param {{ seed: number, invariant: string, text: string }} fault
 * @param {string} description
 */
function tell(fault, description) {
  // A block may run again after --resume.
  if (state.broken.some(({ seed }) => seed === fault.seed)) return;
  state.broken.push(fault);
  console.log(described.has(fault.invariant) ? `seed ${fault.seed}: ${fault.invariant}: ${fault.text}` : description);
  described.add(fault.invariant);
  console.log(`smaller: npm run sim -- --seed ${fault.seed} --shrink`);
}

function rate() {
  return (ran / ((performance.now() - began) / 1000)).toFixed(0);
}

function save() {
  state.seconds = before + (performance.now() - began) / 1000;
  const half = new URL('.soak.json.part', import.meta.url);
  writeFileSync(half, `${JSON.stringify(state, null, 2)}\n`);
  // Ended at whatever moment, there is one state or the other.
  renameSync(half, STATE_FILE);
}

/** @returns {typeof state} */
function saved() {
  if (!existsSync(STATE_FILE)) throw new Error('there is nothing to go on with: simulation/.soak.json is not there');
  if (values.from !== undefined) throw new TypeError('--from and --resume exclude each other');
  const read = JSON.parse(readFileSync(STATE_FILE, 'utf8'));
  return { ...read, to: wanted === undefined ? read.to : read.from + wanted };
}

/** @returns {typeof state} */
function fresh() {
  // Far from the fixed seeds, and another place every time.
  const from = numberOf('from', 0) ?? 1_000_000 + (Math.floor(Date.now() / 1000) % 1_000_000) * 1_000;
  const end = wanted === undefined ? null : from + wanted;
  return { from, to: end, next: from, virtualMs: 0, seconds: 0, broken: [] };
}

/**
 * @param {'minutes' | 'seeds' | 'from' | 'workers'} name
 * @param {number} least
 */
function numberOf(name, least) {
  const text = values[name];
  if (text === undefined) return undefined;
  const number = Number(text);
  const isWhole = name === 'minutes' || Number.isSafeInteger(number);
  if (!isWhole || !(number >= least)) throw new TypeError(`--${name} must be a number from ${least}, not ${text}`);
  return number;
}
