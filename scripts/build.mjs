import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { install } from './install.mjs';
import { must, packages, root, say, tool } from './run.mjs';

/** Builds the packages with tsc, or vite and tsc for the types, each from nothing: a file left over from an older build would be published. */
export async function buildPackages() {
  const tsc = tool('typescript', 'tsc');
  say('build packages');
  for (const name of packages) {
    const folder = join(root, 'packages', name);
    if (!existsSync(join(folder, 'src'))) continue;
    rmSync(join(folder, 'dist'), { recursive: true, force: true });
    if (existsSync(join(folder, 'vite.config.ts'))) {
      const vite = tool('vite', 'vite', folder);
      await must(process.execPath, [vite, 'build', '--logLevel', 'warn'], { cwd: folder, quiet: true });
    }
    await must(process.execPath, [tsc, '-p', join(folder, 'tsconfig.build.json')], { quiet: true });
  }
}

/** Builds the demo's page into demo/dist and its server into demo/dist-server/main.js. */
export async function buildDemo() {
  const folder = join(root, 'demo');
  if (!existsSync(join(folder, 'server', 'main.ts'))) return;
  const vite = tool('vite', 'vite', folder);
  say('build demo');
  await must(process.execPath, [vite, 'build', '--logLevel', 'warn'], { cwd: folder, quiet: true });
  await must(process.execPath, [vite, 'build', '--ssr', '--logLevel', 'warn'], { cwd: folder, quiet: true });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await install();
  await buildPackages();
  await buildDemo();
}
