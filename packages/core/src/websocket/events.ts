export type End = Pick<CloseEvent, 'code' | 'reason' | 'wasClean'>;

/** How a browser tells of a connection that ended without a closing handshake. */
export const LOST: End = { code: 1006, reason: '', wasClean: false };

/** Node has a CloseEvent from 23 on only. */
export function closeEvent({ code, reason, wasClean }: End): Event {
  const end = { code, reason, wasClean };
  return typeof CloseEvent === 'undefined' ? Object.assign(new Event('close'), end) : new CloseEvent('close', end);
}
