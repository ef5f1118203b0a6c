import { execFileSync } from 'node:child_process';
import process from 'node:process';
import { findProgram } from './find-browser.mjs';

/**
 * Why the tests can't have a network of their own here, with a cable that can be pulled.
 *
 * @returns {string | null} null: they can
 */
export function whyNoNamespaces() {
  if (process.platform !== 'linux') return 'network namespaces are of Linux';
  if (process.getuid?.() !== 0) return 'a network namespace is made by root';
  for (const command of ['ip', 'openssl']) if (findProgram(command) === undefined) return `${command} is not on PATH`;
  // Containers often forbid it.
  const name = `holdfast-${process.pid}-probe`;
  try {
    execFileSync('ip', ['netns', 'add', name], { stdio: 'pipe' });
    execFileSync('ip', ['netns', 'delete', name], { stdio: 'pipe' });
    return null;
  } catch (error) {
    return `ip netns add: ${/** @type {Error} */ (error).message.trim()}`;
  }
}
