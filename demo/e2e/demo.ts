import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import type { FaultsReport } from '../src/faults/report.ts';
import type { LaneName, Tally } from '../src/messages.ts';

const folder = dirname(dirname(fileURLToPath(import.meta.url)));
export const mainFile: string = join(folder, 'dist-server', 'main.js');

/** The demo as a user starts it, in a process of its own. */
export class Demo {
  readonly url: string;
  readonly process: ChildProcess;

  constructor(url: string, process: ChildProcess) {
    this.url = url;
    this.process = process;
  }

  async faults(): Promise<FaultsReport> {
    return (await (await fetch(new URL('/faults', this.url))).json()) as FaultsReport;
  }

  async fault(name: string, body: object = {}): Promise<FaultsReport> {
    const response = await fetch(new URL(`/faults/${name}`, this.url), { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${name} was answered with ${response.status}: ${await response.text()}`);
    return (await response.json()) as FaultsReport;
  }

  /** Kills the server proper and waits until another one runs. */
  async restartServer(downtimeMs = 200): Promise<void> {
    const { serverPid } = await this.faults();
    await this.fault('restart', { downtimeMs });
    await vi.waitUntil(
      async () => {
        const now = await this.faults();
        return now.serverPid !== null && now.serverPid !== serverPid;
      },
      { timeout: 20_000 },
    );
  }

  /** What the handler has counted; it is asked for past the faulty wire. */
  async tally(run: string, lane: LaneName = 'holdfast'): Promise<Tally> {
    const response = await fetch(new URL(`/tally?run=${run}&lane=${lane}`, this.url));
    if (!response.ok) throw new Error(`the tally was answered with ${response.status}`);
    return (await response.json()) as Tally;
  }

  /** Ends it as Ctrl-C does and resolves with its exit code. */
  stop(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    if (this.process.exitCode !== null) return Promise.resolve(this.process.exitCode);
    return new Promise((resolve) => {
      this.process.once('exit', (code) => resolve(code));
      this.process.kill(signal);
    });
  }
}

/** Builds the demo if its sources are newer than what is built, and starts it at a free port. */
export async function startDemo(args: readonly string[] = []): Promise<Demo> {
  await build();
  const child = spawn(process.execPath, [mainFile, '--port', '0', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await new Promise<string>((resolve, reject) => {
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const found = /^Holdfast demo: (\S+)$/m.exec(output)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`the demo ended with ${code}`)));
  });
  return new Demo(url, child);
}

let built: Promise<void> | null = null;

export function build(): Promise<void> {
  built ??= buildIfStale();
  return built;
}

async function buildIfStale(): Promise<void> {
  const packages = join(dirname(folder), 'packages');
  const sources = [
    ...['src', 'server', 'public', 'vite.config.ts', 'package.json'].map((name) => join(folder, name)),
    ...readdirSync(packages).map((name) => join(packages, name, 'src')),
  ];
  const page = join(folder, 'dist', 'index.html');
  const isFresh = [page, mainFile].every((file) => existsSync(file) && statSync(file).mtimeMs > newest(sources));
  if (isFresh) return;
  await vite('build');
  await vite('build', '--ssr');
}

function newest(paths: readonly string[]): number {
  let time = 0;
  for (const path of paths) {
    if (!existsSync(path)) continue;
    const stat = statSync(path);
    if (!stat.isDirectory()) time = Math.max(time, stat.mtimeMs);
    else time = Math.max(time, newest(readdirSync(path).map((name) => join(path, name))));
  }
  return time;
}

function vite(...args: string[]): Promise<void> {
  const command = join(folder, 'node_modules', 'vite', 'bin', 'vite.js');
  const child = spawn(process.execPath, [command, ...args, '--logLevel', 'warn'], {
    cwd: folder,
    stdio: 'inherit',
    // A test runner says 'test' here, which would put React's development build into the page.
    env: { ...process.env, NODE_ENV: 'production' },
  });
  return new Promise((resolve, reject) => {
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`vite ${args.join(' ')} ended with ${code}`)),
    );
  });
}
