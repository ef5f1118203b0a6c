import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { buildPackages } from '../../scripts/build.mjs';
import { chromiumArguments, findBrowser } from '../../scripts/find-browser.mjs';
import { pack } from '../../scripts/pack.mjs';
import { packages, root, run } from '../../scripts/run.mjs';

// The example as an app of its own: the packages packed, installed by npm beside Next.js, built, and opened in Chromium.

const INSTALL_MS = 600_000;
const TEST_MS = 60_000;

const app = mkdtempSync(join(tmpdir(), 'holdfast-nextjs-'));
/** @type {NodeJS.ProcessEnv} */
const env = { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' };
const browserOf = findBrowser('chromium');

/** @type {import('node:child_process').ChildProcess | undefined} */
let server;
let port = 0;

async function startServer(isDevelopment = false) {
  const child = spawn(process.execPath, ['server.mjs', ...(isDevelopment ? ['--dev'] : [])], {
    cwd: app,
    env: { ...env, PORT: String(port), NODE_ENV: isDevelopment ? 'development' : 'production' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  server = child;
  for await (const line of createInterface({ input: child.stdout })) {
    const [, text] = /^http:\/\/localhost:(\d+)$/.exec(line) ?? [];
    if (text === undefined) continue;
    port = Number(text);
    child.stdout.resume();
    return;
  }
  throw new Error(`the server ended with ${child.exitCode} before it was listening`);
}

async function killServer() {
  if (server === undefined || server.exitCode !== null) return;
  const exited = once(server, 'exit');
  server.kill('SIGKILL');
  await exited;
  server = undefined;
}

beforeAll(async () => {
  cpSync(dirname(fileURLToPath(import.meta.url)), app, {
    recursive: true,
    filter: (source) => !/[\\/](?:node_modules|\.next)$|\.test\.mjs$/.test(source),
  });
  if (packages.some((name) => !existsSync(join(root, 'packages', name, 'dist', 'index.js')))) await buildPackages();
  const tarballs = await pack(join(app, 'tarballs'));
  const manifest = JSON.parse(readFileSync(join(app, 'package.json'), 'utf8'));
  for (const [name, tarball] of Object.entries(tarballs)) {
    if (`@holdfast/${name}` in manifest.dependencies) manifest.dependencies[`@holdfast/${name}`] = `file:${tarball}`;
  }
  writeFileSync(join(app, 'package.json'), JSON.stringify(manifest, null, 2));
  const steps = [
    ['install', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts'],
    ['run', 'build'],
  ];
  for (const step of steps) {
    const { code, output } = await run('npm', step, { cwd: app, env, quiet: true });
    if (code !== 0) throw new Error(`npm ${step[0]} ended with ${code}\n${output}`);
  }
  await startServer();
}, INSTALL_MS);

afterAll(async () => {
  await killServer();
  rmSync(app, { recursive: true, force: true });
}, TEST_MS);

test('the server renders a page, with a socket that has not started', async () => {
  const html = await (await fetch(`http://localhost:${port}/`)).text();
  expect(html).toContain('A chat with the server');
  expect(html).toContain('data-phase="idle"');
});

describe.skipIf(browserOf.path === undefined)('in Chromium', { timeout: TEST_MS }, () => {
  /** @type {import('playwright').Browser} */
  let browser;
  /** @type {import('playwright').Page} */
  let page;
  /** Connections that the page has opened. @type {string[]} */
  let opened = [];
  /** What the console said, and what was thrown. @type {string[]} */
  let said = [];

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: browserOf.path ?? '', args: chromiumArguments() });
  }, TEST_MS);
  afterAll(() => browser.close(), TEST_MS);

  beforeEach(async () => {
    page = await browser.newPage();
    opened = [];
    said = [];
    page.on('websocket', (socket) => opened.push(new URL(socket.url()).pathname));
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && said.push(message.text()));
    page.on('pageerror', (error) => said.push(String(error)));
  });
  afterEach(() => page.close());

  /** @param {string} path */
  const open = (path) => page.goto(`http://localhost:${port}${path}`);
  /** @param {string} text */
  const say = async (text) => {
    await page.getByLabel('Say something').fill(text);
    await page.getByRole('button', { name: 'Send' }).click();
  };
  /** @param {string} phase */
  const phase = (phase) => page.getByRole('status').filter({ hasText: phase }).waitFor();
  const answers = () => page.getByLabel('Answers').getByRole('listitem').allTextContents();

  test('a page is hydrated without a word in the console, connects, and messages go both ways', async () => {
    await open('/');
    await phase('open');
    await say('hello');
    await page.getByText('The server has “hello”').waitFor();
    expect(opened).toEqual(['/socket']);
    expect(said).toEqual([]);
  });

  test('another page of the app keeps the connection', async () => {
    await open('/');
    await phase('open');
    for (const name of ['About', 'Chat']) {
      await page.getByRole('link', { name }).click();
      await page.waitForURL(name === 'About' ? '**/about' : '**/');
    }
    await say('still here');
    await page.getByText('The server has “still here”').waitFor();
    expect(opened).toEqual(['/socket']);
    expect(said).toEqual([]);
  });

  test('the page outlives its server: what is said meanwhile is answered by the next one, once and in order', async () => {
    await open('/');
    await phase('open');
    await killServer();
    await phase('waiting');
    await say('first');
    await say('second');
    await startServer();
    await phase('open');
    await page.getByText('The server has “second”').waitFor();
    expect(await answers()).toEqual(['The server has “first”', 'The server has “second”']);
    // A browser tells of everything that it could not load meanwhile.
    expect(said.filter((text) => !text.includes('net::ERR_'))).toEqual([]);
  });

  test('a component that has only changed its import sees each message of a burst', async () => {
    await open('/moved');
    await page.getByRole('button', { name: 'Ask for 500 ticks' }).click();
    await page.getByText('500 seen', { exact: true }).waitFor();
    expect([...opened].sort()).toEqual(['/socket', '/ticks']);
    expect(said).toEqual([]);
  });

  test('in development Strict Mode and Fast Refresh keep the one connection, and React has no word of warning', async () => {
    await killServer();
    await startServer(true);
    await open('/');
    await phase('open');
    const file = join(app, 'app', 'chat.jsx');
    const source = readFileSync(file, 'utf8');
    const edited = source.replace('Say something', 'Say anything');
    let edits = 0;
    // A watcher that has just started misses a change now and then: the file is saved again until it is seen.
    await vi.waitFor(
      async () => {
        edits += 1;
        writeFileSync(file, `${edited}// ${edits}\n`);
        await page.getByLabel('Say anything').waitFor({ timeout: 5_000 });
      },
      { timeout: 40_000 },
    );
    writeFileSync(file, source);
    await say('again');
    await page.getByText('The server has “again”').waitFor();
    expect(opened.filter((path) => !path.startsWith('/_next/'))).toEqual(['/socket']);
    expect(said).toEqual([]);
  });
});
