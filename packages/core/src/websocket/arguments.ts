import { utf8Length } from '../lib/utf8.ts';

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
 * A message and its size, kept as it is in this moment: the caller may go on writing into its buffer. A Blob copies and
 * refuses what the browser's `send` copies and refuses: views, detached buffers, shared memory.
 */
export function queueable(data: unknown): readonly [message: string | Blob, bytes: number] {
  if (data instanceof Blob || data instanceof ArrayBuffer || ArrayBuffer.isView(data)) {
    const blob = new Blob([data as ArrayBuffer]);
    return [blob, blob.size];
  }
  const text = `${data as string}`;
  return [text, utf8Length(text)];
}
