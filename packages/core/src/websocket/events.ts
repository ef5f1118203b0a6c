import type { End } from '../protocol/close-codes.ts';

/** Node has a CloseEvent from 23 on only. */
export function closeEvent({ code, reason, wasClean }: End): Event {
  const end = { code, reason, wasClean };
  return typeof CloseEvent === 'undefined' ? Object.assign(new Event('close'), end) : new CloseEvent('close', end);
}
