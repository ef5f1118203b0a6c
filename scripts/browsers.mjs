import { existsSync } from 'node:fs';
import process from 'node:process';
import { findBrowser } from './find-browser.mjs';
import { run, say, tool } from './run.mjs';

const minutes = 60_000;
/** @type {Record<import('./find-browser.mjs').BrowserName, string>} */
const debianPackages = { chromium: 'chromium', firefox: 'firefox-esr' };

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

  if (process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    say(`install ${name} by apt-get`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    await run('apt-get', ['update', '-qq'], { env, quiet: true, timeoutMs: 3 * minutes });
    const args = ['install', '-y', '-qq', '--no-install-recommends', debianPackages[name]];
    const { code } = await run('apt-get', args, { env, quiet: true, timeoutMs: 10 * minutes });
    const installed = findBrowser(name);
    if (installed.path !== undefined) return installed;
    tried.push(`apt-get install ${debianPackages[name]} ended with ${code}`);
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
