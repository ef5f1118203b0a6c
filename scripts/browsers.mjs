import { existsSync } from 'node:fs';
import process from 'node:process';
import { findBrowser, findProgram } from './find-browser.mjs';
import { findMosquitto } from './find-mosquitto.mjs';
import { findNginx } from './find-nginx.mjs';
import { whyNoNamespaces } from './namespaces.mjs';
import { run, say, tool } from './run.mjs';

const minutes = 60_000;
/** @type {Record<import('./find-browser.mjs').BrowserName, string[]>} */
const debianPackages = {
  chromium: ['chromium'],
  firefox: ['firefox-esr'],
  webkit: ['webkit2gtk-driver', 'xvfb'],
};

/**
 * Finds a browser, or installs it: from the distribution where we may, else from Playwright's download.
 *
 * @param {import('./find-browser.mjs').BrowserName} name
 * @returns {Promise<import('./find-browser.mjs').FoundBrowser>}
 */
export async function ensureBrowser(name) {
  const found = findBrowser(name);
  // Who names a file means that one: nothing else is put in its place.
  if (found.path !== undefined || found.chosen === true) return found;
  const tried = [found.reason];

  if (hasApt()) {
    const failure = await installByApt(debianPackages[name]);
    const installed = findBrowser(name);
    if (installed.path !== undefined) return installed;
    tried.push(failure);
  }

  // Playwright's Firefox is a patched one that only Playwright drives: a download helps for Chromium alone.
  if (name === 'chromium') {
    say('install chromium by playwright');
    const args = [tool('playwright', 'playwright'), 'install', 'chromium'];
    const { code } = await run(process.execPath, args, { quiet: true, timeoutMs: 10 * minutes });
    const installed = findBrowser(name);
    if (installed.path !== undefined) return installed;
    tried.push(`playwright install chromium ended with ${code}`);
  }
  return { reason: tried.join('; ') };
}

/**
 * Makes the tests of real networks possible, with what is installed for it where we may.
 *
 * @returns {Promise<string | null>} why they are not; null: they are
 */
export async function ensureNamespaces() {
  const missing = { ip: 'iproute2', openssl: 'openssl' };
  const wanted = Object.entries(missing).flatMap(([command, name]) =>
    findProgram(command) === undefined ? [name] : [],
  );
  if (wanted.length > 0 && hasApt()) await installByApt(wanted);
  return whyNoNamespaces();
}

/**
 * Finds the MQTT broker, or installs it where we may.
 *
 * @returns {Promise<string | null>} why there is none; null: there is one
 */
export async function ensureMosquitto() {
  if (findMosquitto().path === undefined && hasApt()) await installByApt(['mosquitto']);
  return findMosquitto().reason ?? null;
}

/**
 * Finds nginx, or installs it where we may.
 *
 * @returns {Promise<string | null>} why there is none; null: there is one
 */
export async function ensureNginx() {
  if (findNginx().path === undefined && hasApt()) await installByApt(['nginx']);
  return findNginx().reason ?? null;
}

function hasApt() {
  return process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
}

/**
 * @param {string[]} names
 * @returns {Promise<string>} how it ended
 */
async function installByApt(names) {
  say(`install ${names.join(', ')} by apt-get`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-qq'], { env, quiet: true, timeoutMs: 3 * minutes });
  const args = ['install', '-y', '-qq', '--no-install-recommends', ...names];
  const { code } = await run('apt-get', args, { env, quiet: true, timeoutMs: 10 * minutes });
  return `apt-get install ${names.join(' ')} ended with ${code}`;
}
