import type { IncomingMessage } from 'node:http';

export const LOOPBACK = '127.0.0.1';

/**
 * Whether a request comes from this machine and from this page. The address alone says little: any website open in a
 * browser here sends from 127.0.0.1 too. Such a site can't set `Origin`, and a name that it points at 127.0.0.1 shows
 * in `Host`. Tools other than browsers send no `Origin`.
 */
export function isOwnRequest(request: IncomingMessage, port: number): boolean {
  const { host, origin } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (!isFromHere(request)) return false;
  if (host !== `${LOOPBACK}:${port}` && host !== `localhost:${port}`) return false;
  if (origin !== undefined && origin !== `http://${host}`) return false;
  return site === undefined || site === 'same-origin' || site === 'none';
}

/** Whether a socket may be opened: by this page, or by one of an origin that whoever started the demo has named. */
export function mayOpenSocket(request: IncomingMessage, port: number, origins: readonly string[]): boolean {
  if (isOwnRequest(request, port)) return true;
  const { origin } = request.headers;
  return isFromHere(request) && origin !== undefined && origins.includes(origin);
}

function isFromHere(request: IncomingMessage): boolean {
  const address = request.socket.remoteAddress;
  return address === LOOPBACK || address === `::ffff:${LOOPBACK}`;
}
