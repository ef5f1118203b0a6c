import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';

// Installs on first use, runs the benches that are named (or all), prints their tables and writes them with every single value to
// results/. Only Node's own modules are imported up here: the others are installed first.

const folder = import.meta.dirname;
const repository = join(folder, '..');

/** @type {Record<string, (options: { rounds: number, samples: number }) => Promise<{ text: string, results: unknown }>>} */
const benches = {
  size: async () => (await import('./benches/size.mjs')).run(),
  returning: async () => (await import('./benches/returning.mjs')).run(),
  herd: async () => (await import('./benches/herd.mjs')).run(),
  throughput: async (options) => (await import('./benches/messages.mjs')).run(['throughput'], options),
  roundtrip: async (options) => (await import('./benches/messages.mjs')).run(['roundtrip'], options),
  capacity: async (options) => (await import('./benches/capacity.mjs')).run(options),
  react: async (options) => (await import('./benches/react.mjs')).run(options),
  store: async (options) => (await import('./benches/storage.mjs')).runStore(options),
  backlog: async (options) => (await import('./benches/storage.mjs')).runBacklog(options),
  reopen: async (options) => (await import('./benches/reopen.mjs')).run(options),
  blackhole: async (options) => (await import('./benches/blackhole.mjs')).run(options),
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '11' },
    samples: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const names = positionals.length === 0 ? Object.keys(benches) : positionals;
const unknown = names.filter((name) => !Object.hasOwn(benches, name));
const rounds = Number(values.rounds);
if (values.help || unknown.length > 0 || !(rounds > 0) || !(Number(values.samples ?? 1) > 0)) {
  console.error(`npm run bench -- [${Object.keys(benches).join('|')}] [--rounds 11] [--samples 21]`);
  process.exit(values.help ? 0 : 2);
}

installOnce();
mkdirSync(join(folder, 'results'), { recursive: true });
let failures = 0;
for (const name of names) {
  const bench = benches[name];
  if (bench === undefined) continue;
  const startedAt = new Date();
  const samples = Number(values.samples ?? (name === 'blackhole' ? 4 : 21));
  console.log(`\n▸ ${name} (load ${loadText()})`);
  try {
    const { text, results } = await bench({ rounds, samples });
    console.log(`\n${text}\n\nload ${loadText()}, ${Math.round((Date.now() - startedAt.getTime()) / 1_000)} s`);
    const file = join(folder, 'results', `${name}.json`);
    writeFileSync(
      file,
      `${JSON.stringify({ name, startedAt, machine: machine(), rounds, samples, text, results }, null, 1)}\n`,
    );
  } catch (error) {
    failures += 1;
    console.error(error);
  }
}
process.exitCode = failures === 0 ? 0 : 1;

/** Others may use this machine: what it does beside the benches stands next to the figures. */
function loadText() {
  return `${loadavg()[0]?.toFixed(2)} on ${cpus().length} cores`;
}

function machine() {
  const { stdout } = spawnSync('git', ['describe', '--always', '--dirty'], { cwd: repository, encoding: 'utf8' });
  const { platform, arch, version } = process;
  return {
    platform,
    arch,
    node: version,
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    loadavg: loadavg(),
    commit: stdout.trim(),
  };
}

/** Installs what the lockfile names, unless that is what is installed; and the repository's own dependencies, if they never were. */
function installOnce() {
  const stamp = join(folder, 'node_modules', '.bench-install');
  const wanted = createHash('sha256')
    .update(`${process.platform} ${process.arch}\n`)
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
    console.log('▸ install');
    must('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error'], folder);
    writeFileSync(stamp, wanted);
  }
  if (!existsSync(join(repository, 'packages/core/node_modules'))) {
    must(process.execPath, [join(repository, 'scripts/install.mjs')], repository);
  }
}

/** @param {string} command @param {readonly string[]} args @param {string} cwd */
function must(command, args, cwd) {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) process.exit(status ?? 1);
}
