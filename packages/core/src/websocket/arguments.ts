import { isBlob } from '../environment/blob.ts';
import { copiedBytes, payloadLength, type Bytes } from '../lib/bytes.ts';
import { scalars, utf8Length } from '../lib/utf8.ts';
import { protocolList } from './target.ts';

/** A token of RFC 9110. */
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;

/**
 * What the browser's `close` checks, for a moment when there is no socket that could do it.
 * @throws DOMException InvalidAccessError for the code, SyntaxError for the reason
 */
export function checkCloseArguments(code = 1000, reason = ''): void {
  const number = Math.round(code);
  if (number !== 1000 && !(number >= 3000 && number <= 4999)) {
    throw new DOMException('a close code is 1000 or from 3000 to 4999', 'InvalidAccessError');
  }
  if (utf8Length(`${reason}`) > 123) throw new DOMException('a close reason has up to 123 bytes', 'SyntaxError');
}

/**
 * A message and its size, kept as it is in this moment: the caller may go on writing into its buffer.
 * @throws what the browser's `send` throws: of shared memory, or of what is no string and can't become one
 */
export function queueable(data: unknown): readonly [message: string | Blob | Bytes, bytes: number] {
  if (isBlob(data)) return [data, data.size];
  // Bytes, and no Blob of them: WebKit's `close` drops one that it has not read yet, and all that was sent after it.
  const message = copiedBytes(data) ?? `${data as string}`;
  return [message, payloadLength(message)];
}

/**
 * The URL of a WebSocket, as the browser's constructor takes it.
 * @throws DOMException SyntaxError
 */
export function webSocketUrl(given: string | URL): URL {
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  // Converted once: it may be an object with a string of its own.
  const text = `${given}`;
  if (!URL.canParse(text, base)) throw new DOMException(`no URL: ${text}`, 'SyntaxError');
  const url = new URL(text, base);
  if (url.protocol === 'http:') url.protocol = 'ws:';
  if (url.protocol === 'https:') url.protocol = 'wss:';
  if ((url.protocol !== 'ws:' && url.protocol !== 'wss:') || url.href.includes('#')) {
    throw new DOMException('a WebSocket URL starts with ws: or wss: and has no fragment', 'SyntaxError');
  }
  return url;
}

/** @throws TypeError as Web IDL says */
export function needsOne(given: number): void {
  if (given === 0) throw new TypeError('1 argument required, but only 0 present');
}

/** A number as `[Clamp] unsigned short`; `Math.max` refuses a BigInt, which `Number` would take. */
function clamped(value: number): number {
  return Math.round(Math.min(65_535, Math.max(0, value)));
}

/**
 * Subprotocols as the browser's constructor takes them.
 * @throws DOMException SyntaxError
 */
export function checkedProtocols(given: unknown): readonly string[] {
  const offered = protocolList(given);
  if (new Set(offered).size < offered.length || !offered.every((protocol) => TOKEN.test(protocol))) {
    throw new DOMException('subprotocols are tokens, and none comes twice', 'SyntaxError');
  }
  return offered;
}

/** What the browser's `close` makes of its arguments; throws what it throws. */
export function checkedClose(...given: [code?: number, reason?: string]): {
  readonly code: number | undefined;
  readonly reason: string;
} {
  const code = given[0] === undefined ? undefined : clamped(given[0]);
  const reason = given[1] === undefined ? '' : scalars(`${given[1]}`);
  if (code !== undefined || reason !== '') checkCloseArguments(code, reason);
  return { code, reason };
}
