import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { root, runPnpm, say } from './run.mjs';

const stamp = join(root, 'node_modules', '.holdfast-install');

/** Installs what the lockfile names, unless that is what is installed already. */
export async function install() {
  const wanted = fingerprint();
  if (isInstalled(wanted)) return;
  say('install');
  const { code } = await runPnpm(['install', '--frozen-lockfile'], {
    // Without CI pnpm asks before it replaces an old node_modules, and nobody would answer.
    env: { ...process.env, CI: 'true' },
    quiet: true,
  });
  if (code !== 0) process.exit(code);
  writeFileSync(stamp, wanted);
}

function members() {
  const nested = ['packages', 'examples'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => join(folder, name)),
  );
  // The one example outside of the workspace, as pnpm-workspace.yaml says.
  const inside = nested.filter((folder) => folder !== join('examples', 'nextjs'));
  return [...inside, 'simulation', 'demo', 'browsers', 'interop', 'site'].filter((folder) =>
    existsSync(join(root, folder, 'package.json')),
  );
}

function fingerprint() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  const manifests = members().map((folder) => join(folder, 'package.json'));
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', ...manifests]) {
    hash.update(`${file}\n`).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

/** @param {string} wanted */
function isInstalled(wanted) {
  return (
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === wanted &&
    members().every((folder) => existsSync(join(root, folder, 'node_modules')))
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await install();
