import type { Json } from '../lib/errors.ts';
import { utf8Length } from '../lib/utf8.ts';
import type { MessageData } from './frames.ts';

/**
 * What the two ends of a resumable WebSocket say to each other, beside the messages of their libraries: an object as
 * payload, numbered, kept and sent again as those are.
 */
export type Control =
  /** The client's first message: the subprotocols of its library. */
  | { readonly kind: 'open'; readonly protocols: readonly string[] }
  /** The server's answer; `goneAfterMs`: how long after its last sign of life a client need not come back any more. */
  | { readonly kind: 'opened'; readonly protocol: string; readonly goneAfterMs: number }
  /** A library's own close, the last message of its end; answered in kind. `code` null: none was given. */
  | { readonly kind: 'close'; readonly code: number | null; readonly reason: string };

/** A token of RFC 9110. */
const TOKEN = /^[!#$%&'*+.^_`|~\w-]{1,256}$/;
/** Subprotocols that a library may offer. */
const MOST_PROTOCOLS = 64;
/** As in a close frame. */
const REASON_BYTES = 123;

/** The first control of a client: the library's subprotocols. */
export const openControl = (protocols: readonly string[]): Json => ({ open: { protocols } });
/** The server's answer: the subprotocol that was chosen, and how long a session waits for its client. */
export const openedControl = (protocol: string, goneAfterMs: number): Json => ({ opened: { protocol, goneAfterMs } });
/** A library's close; `code` null: none was given. */
export const closeControl = (code: number | null, reason: string): Json => ({ close: { code, reason } });

/** The control that a payload is; null: it is none. */
export function readControl(payload: MessageData): Control | null {
  const { open, opened, close } = fieldsOf(payload);
  if (open !== undefined) {
    const { protocols } = fieldsOf(open);
    const isLawful =
      Array.isArray(protocols) &&
      protocols.length <= MOST_PROTOCOLS &&
      new Set(protocols).size === protocols.length &&
      protocols.every((name) => typeof name === 'string' && TOKEN.test(name));
    return isLawful ? { kind: 'open', protocols: protocols as readonly string[] } : null;
  }
  if (opened !== undefined) {
    const { protocol, goneAfterMs } = fieldsOf(opened);
    const isLawful =
      typeof protocol === 'string' &&
      (protocol === '' || TOKEN.test(protocol)) &&
      typeof goneAfterMs === 'number' &&
      goneAfterMs >= 0;
    return isLawful ? { kind: 'opened', protocol, goneAfterMs } : null;
  }
  const { code, reason } = fieldsOf(close);
  const isLawful =
    (code === null || (typeof code === 'number' && isCloseCode(code))) &&
    typeof reason === 'string' &&
    utf8Length(reason) <= REASON_BYTES;
  return isLawful ? { kind: 'close', code, reason } : null;
}

/** Whether a close frame may carry this code (RFC 6455, section 7.4, and the codes registered since). */
export function isCloseCode(code: number): boolean {
  const isNamed = code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
  return Number.isInteger(code) && (isNamed || (code >= 3000 && code <= 4999));
}

function fieldsOf(value: MessageData | undefined): { readonly [name: string]: Json | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as { readonly [name: string]: Json })
    : {};
}
