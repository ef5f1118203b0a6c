import { delimiter } from 'node:path';
import process from 'node:process';
import { findProgram } from './find-browser.mjs';

/** Servers are for administrators: their folders are not on everybody's PATH. */
const elsewhere = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin'];

/**
 * Where nginx is; says why when it is nowhere.
 *
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {{ path: string, reason?: undefined } | { path?: undefined, reason: string }}
 */
export function findNginx(env = process.env) {
  const path = findProgram('nginx', { PATH: [env['PATH'] ?? '', ...elsewhere].join(delimiter) });
  return path === undefined ? { reason: 'nginx is neither on PATH nor at its usual place' } : { path };
}
