import { delimiter } from 'node:path';
import process from 'node:process';
import { findProgram } from './find-browser.mjs';

/** Brokers are for administrators: their folders are not on everybody's PATH. */
const elsewhere = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/sbin', '/opt/homebrew/opt/mosquitto/sbin'];

/**
 * Where the MQTT broker Mosquitto is; says why when it is nowhere.
 *
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {{ path: string, reason?: undefined } | { path?: undefined, reason: string }}
 */
export function findMosquitto(env = process.env) {
  const path = findProgram('mosquitto', { PATH: [env['PATH'] ?? '', ...elsewhere].join(delimiter) });
  return path === undefined ? { reason: 'mosquitto is neither on PATH nor at its usual place' } : { path };
}
