import { utf8Length } from './utf8.ts';

/** Bytes of its own: a view of all of its buffer. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** A payload as it travels and is stored: the JSON text, or the bytes. */
export type EncodedPayload = string | Bytes;

/** The name of a built-in kind of object: one of another frame or worker is no `instanceof` here. */
export function kindName(data: unknown): string {
  return Object.prototype.toString.call(data).slice(8, -1);
}

/**
 * The bytes of a buffer or of a view of one, not copied; null: it is neither.
 * @throws TypeError where the buffer was transferred: it has no bytes any more
 */
export function bytesIn(data: unknown): Bytes | null {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  return kindName(data).endsWith('ArrayBuffer') ? new Uint8Array(data as ArrayBuffer) : null;
}

/** What a payload counts in limits and windows: the bytes that it has on the wire. */
export function payloadLength(payload: EncodedPayload): number {
  return typeof payload === 'string' ? utf8Length(payload) : payload.length;
}
