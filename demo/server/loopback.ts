import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

export const LOOPBACK = '127.0.0.1';

/** Who may use the demo. */
export interface Access {
  /** The port of the page, which a browser names in `Host` and `Origin`. */
  readonly port: number;
  /** Whether other machines may, too. */
  readonly isPublic: boolean;
  /** Other origins whose pages may open sockets. */
  readonly origins: readonly string[];
}

/**
 * Whether a request comes from this page, and from this machine unless others are let in. The address alone says little:
 * any website open in a browser here sends from 127.0.0.1 too. Such a site can't set `Origin`, and a name that it points
 * here shows in `Host`, where an address is no name. Tools other than browsers send no `Origin`.
 */
export function isOwnRequest(request: IncomingMessage, { port, isPublic }: Access): boolean {
  const { host, origin } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (host === undefined || !(isPublic || isFromHere(request))) return false;
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  const isKnown = name === 'localhost' || name === LOOPBACK || (isPublic && isIP(name) !== 0);
  if (!isKnown || !host.endsWith(`:${port}`)) return false;
  if (origin !== undefined && origin !== `http://${host}`) return false;
  return site === undefined || site === 'same-origin' || site === 'none';
}

/** Whether a socket may be opened: by this page, or by one of an origin that whoever started the demo has named. */
export function mayOpenSocket(request: IncomingMessage, access: Access): boolean {
  if (isOwnRequest(request, access)) return true;
  const { origin } = request.headers;
  return (access.isPublic || isFromHere(request)) && origin !== undefined && access.origins.includes(origin);
}

function isFromHere(request: IncomingMessage): boolean {
  const address = request.socket.remoteAddress;
  return address === LOOPBACK || address === `::ffff:${LOOPBACK}`;
}
