/** Faults planted in the code that the simulator must find within the fixed seeds: `npm run mutants [-- --only fence] [-- --seeds 2400]`. */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { withSources } from '../scripts/module-runner.mjs';

/**
 * Each replaces one exact text in one file; a text that is not there exactly once is an error, so that no mutant dies
 * out when the code moves on.
 *
 * @type {readonly { readonly name: string; readonly file: string; readonly from: string; readonly to: string }[]}
 */
const MUTANTS = [
  {
    name: 'ack before the handler',
    file: 'packages/server/src/session/producer.ts',
    from: `        this.#isRunning = true;
        void this.#run(entry);`,
    to: `        this.#isRunning = true;
        this.#position.advance(entry.seq, true);
        void this.#run(entry);`,
  },
  {
    name: 'delete before the ack',
    file: 'packages/core/src/runtime/stored-log.ts',
    from: 'added.push(...cut(part.entries.filter(isLeft)));',
    to: '',
  },
  {
    name: 'late timer taken for a dead peer',
    file: 'packages/core/src/machines/heartbeat.ts',
    from: 'if (misses === MISSES) return',
    to: 'if (misses === 1) return',
  },
  {
    name: 'stale event',
    file: 'packages/core/src/machines/connection.ts',
    from: "if (state.name === 'closed' || (id !== state.connectionId && !isOfRival)) return [state, []];",
    to: "if (state.name === 'closed') return [state, []];",
  },
  {
    name: 'old connection closed as done before the welcome',
    file: 'packages/core/src/runtime/link.ts',
    from: 'if (former !== null) silence(former);',
    to: "former?.close(1000, 'moved');",
  },
  {
    name: 'breaker without a trial',
    file: 'packages/core/src/machines/retry.ts',
    from: "if (isTripped) set(turn, 'retry', ms);",
    to: '',
  },
  {
    name: 'retry-after ignored',
    file: 'packages/core/src/machines/retry.ts',
    from: 'const askedMs = retryAfterMs ?? 0;',
    to: 'const askedMs = 0;',
  },
  {
    name: 'lost epoch',
    file: 'packages/core/src/machines/session.ts',
    from: 'received = welcome.offset;',
    to: 'received = Math.max(received, welcome.offset);',
  },
  {
    name: 'fence left out',
    file: 'packages/server/src/session/intake.ts',
    from: 'if (producer.owner !== slot) {',
    to: 'if (producer.owner === null) {',
  },
  {
    name: 'older hello takes the session',
    file: 'packages/server/src/session/hello-verdict.ts',
    from: 'if (known !== undefined && hello.n <= known.n) {',
    to: 'if (known !== undefined && hello.n < 0) {',
  },
  {
    name: 'mail leaves the queue when it is sent',
    file: 'packages/server/src/session/user-queue.ts',
    from: '        carrier.take(entry);',
    to: '        carrier.take(entry);\n        void this.#store.settle(this.user, entry.seq);',
  },
  {
    name: 'mail that was lost counts as acknowledged',
    file: 'packages/server/src/session/server-session.ts',
    from: 'this.carrier?.lost(first - 1);',
    to: '',
  },
  {
    name: 'mail for one session only',
    file: 'packages/server/src/session/user-queue.ts',
    from: 'if (entry.seq > through && !carrier.hasRoom(entry)) break;',
    to: 'if (!carrier.hasRoom(entry)) break;',
  },
  {
    name: 'handlers without turns',
    file: 'packages/server/src/session/turns.ts',
    from: 'if (this.#running < this.#limits.total && this.#line.size === 0) {',
    to: 'if (this.#line.size === 0) {',
  },
];

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    seeds: { type: 'string', default: '2400' },
    verbose: { type: 'boolean', default: false },
  },
});
const seeds = Number(values.seeds);
if (!Number.isSafeInteger(seeds) || seeds < 1)
  throw new TypeError(`--seeds must be a whole number from 1, not ${values.seeds}`);
const chosen = MUTANTS.filter(({ name }) => values.only === undefined || name.includes(values.only));
if (chosen.length === 0) throw new TypeError(`no mutant is called ${values.only}`);

/**
 * The first seed that the mutant breaks and the code as it is does not.
 *
 * @param {typeof MUTANTS[number]} mutant
 * @param {(seed: number) => Promise<any>} runClean
 */
async function hunt(mutant, runClean) {
  let isApplied = false;
  const caught = await withSources(
    import.meta.dirname,
    async (load) => {
      const { runSeed, describeFailure } = await load('/run.ts');
      for (let seed = 1; seed <= seeds; seed += 1) {
        const result = await runSeed(seed);
        if (result.fault === null || (await runClean(seed)).fault !== null) continue;
        if (values.verbose) console.log(describeFailure(result));
        return { seed, invariant: result.fault.invariant };
      }
      return null;
    },
    (code, file) => {
      if (!file.endsWith(mutant.file)) return code;
      const pieces = code.split(mutant.from);
      if (pieces.length !== 2)
        throw new Error(`${mutant.name}: its text is ${pieces.length - 1} times in ${mutant.file}`);
      isApplied = true;
      return pieces.join(mutant.to);
    },
  );
  if (!isApplied) throw new Error(`${mutant.name}: ${mutant.file} was never loaded`);
  return caught;
}

const survivors = await withSources(import.meta.dirname, async (load) => {
  const { runSeed: runClean } = await load('/run.ts');
  let count = 0;
  for (const mutant of chosen) {
    const caught = await hunt(mutant, runClean);
    if (caught === null) count += 1;
    const verdict = caught === null ? `SURVIVED ${seeds} seeds` : `caught by seed ${caught.seed}: ${caught.invariant}`;
    console.log(`${mutant.name.padEnd(34)} ${verdict}`);
  }
  return count;
});
console.log(survivors === 0 ? 'every mutant was caught' : `${survivors} survived`);
process.exitCode = survivors === 0 ? 0 : 1;
