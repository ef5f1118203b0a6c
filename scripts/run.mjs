import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** The folder of the repository. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The published packages, in the order in which they build on each other. */
export const packages = ['core', 'react', 'server', 'inspector'];

/**
 * Runs a program to its end.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, quiet?: boolean, timeoutMs?: number }} [options] quiet: the output is
 *   printed only when the program fails
 * @returns {Promise<{ code: number, output: string }>} output is empty unless quiet
 */
export function run(command, args, { cwd = root, env = process.env, quiet = false, timeoutMs } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
      // On Windows npm and npx are .cmd files, which only a shell starts.
      shell: process.platform === 'win32' && !command.endsWith('.exe'),
      ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
    });
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => (output += text));
    child.stderr?.setEncoding('utf8').on('data', (text) => (output += text));
    child.once('error', (error) => resolve({ code: 127, output: `${output}${command}: ${error.message}\n` }));
    child.once('close', (code) => {
      if (quiet && code !== 0) process.stderr.write(output);
      resolve({ code: code ?? 1, output });
    });
  });
}

/**
 * Like run, for steps without which nothing after them makes sense: ends this process with the code of a failure.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {Parameters<typeof run>[2]} [options]
 * @returns {Promise<string>}
 */
export async function must(command, args, options) {
  const { code, output } = await run(command, args, options);
  if (code === 0) return output;
  console.error(`failed (${code}): ${[command, ...args].join(' ')}`);
  process.exit(code);
}

/**
 * The script behind the command of an installed tool, to be run by this Node: no shell, no PATH.
 *
 * @param {string} packageName
 * @param {string} [command] defaults to the package's only one
 * @param {string} [from] the folder whose dependencies are meant
 * @returns {string}
 */
export function tool(packageName, command, from = root) {
  const manifest = findManifest(packageName, from);
  const { bin } = createRequire(import.meta.url)(manifest);
  const file = typeof bin === 'string' ? bin : bin[command ?? Object.keys(bin)[0] ?? ''];
  return join(dirname(manifest), file);
}

/**
 * @param {string} packageName
 * @param {string} from
 */
function findManifest(packageName, from) {
  const { paths } = { paths: createRequire(join(from, 'package.json')).resolve.paths(packageName) ?? [] };
  for (const folder of paths) {
    const manifest = join(folder, packageName, 'package.json');
    try {
      createRequire(import.meta.url).resolve(manifest);
      return manifest;
    } catch {
      // Not in this folder: ask the next one up.
    }
  }
  throw new Error(`${packageName} is not installed: run npx --yes ${pnpm} install`);
}

/** The package manager, fetched by npx: nothing to install beforehand. */
export const pnpm = 'pnpm@12.21.0';

/**
 * @param {readonly string[]} args
 * @param {Parameters<typeof run>[2]} [options]
 */
export function runPnpm(args, options) {
  return run('npx', ['--yes', pnpm, ...args], options);
}

/** @param {string} message */
export function say(message) {
  console.log(`\u001B[1m▸ ${message}\u001B[0m`);
}
