import { accessSync, constants, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import process from 'node:process';

/** @typedef {'chromium' | 'firefox' | 'webkit'} BrowserName */
/** @typedef {{ path: string, reason?: undefined } | { path?: undefined, reason: string, chosen?: boolean }} FoundBrowser */

/** @type {Record<BrowserName, { variable: string, commands: string[], elsewhere: string[], needs?: string }>} */
const browsers = {
  chromium: {
    variable: 'CHROME_PATH',
    commands: ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'],
    elsewhere: [
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
      'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
      'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
    ],
  },
  firefox: {
    variable: 'FIREFOX_PATH',
    commands: ['firefox', 'firefox-esr'],
    elsewhere: ['/Applications/Firefox.app/Contents/MacOS/firefox', 'C:\\Program Files\\Mozilla Firefox\\firefox.exe'],
  },
  // WebKitGTK's driver, which starts the browser that belongs to it. That one needs a display.
  webkit: { variable: 'WEBKIT_DRIVER_PATH', commands: ['WebKitWebDriver'], elsewhere: [], needs: 'Xvfb' },
};

/**
 * Where a browser is: in the environment variable, on PATH or at the usual place. Says why when it is nowhere.
 *
 * @param {BrowserName} name
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {FoundBrowser}
 */
export function findBrowser(name, env = process.env) {
  const { variable, commands, elsewhere, needs } = browsers[name];
  if (needs !== undefined && findProgram(needs, env) === undefined) return { reason: `${needs} is not on PATH` };
  const chosen = env[variable];
  if (chosen !== undefined && chosen !== '') {
    return isExecutable(chosen)
      ? { path: chosen }
      : { reason: `${variable} names a file that can't be run`, chosen: true };
  }
  for (const command of commands) {
    const path = findProgram(command, env);
    if (path !== undefined) return { path };
  }
  const path = elsewhere.find((place) => existsSync(place));
  if (path !== undefined) return { path };
  const downloaded = name === 'chromium' ? downloadedChromium() : undefined;
  if (downloaded !== undefined) return { path: downloaded };
  return { reason: `none of ${commands.join(', ')} is on PATH and ${variable} is not set` };
}

/**
 * Where a program is on PATH.
 *
 * @param {string} command
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string | undefined}
 */
export function findProgram(command, env = process.env) {
  const file = command + (process.platform === 'win32' ? '.exe' : '');
  const folders = (env['PATH'] ?? '').split(delimiter).filter(Boolean);
  return folders.map((folder) => join(folder, file)).find(isExecutable);
}

/**
 * The flags for Chromium in tests: no sandbox only for root, which can't have one; nothing that talks to the outside.
 *
 * @returns {string[]}
 */
export function chromiumArguments() {
  return [
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ];
}

/** Where Playwright puts its own, if it was ever asked to. */
function downloadedChromium() {
  try {
    const path = createRequire(import.meta.url)('playwright').chromium.executablePath();
    return isExecutable(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
