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

/**
 * A copy of the bytes of a buffer or of a view of one, as a browser's `send` takes them: none where the buffer was
 * transferred. Null: it is neither.
 * @throws TypeError for a view of shared memory, and for memory that may grow
 */
export function copiedBytes(data: unknown): Bytes | null {
  const isView = ArrayBuffer.isView(data);
  const buffer = (isView ? data.buffer : data) as ArrayBuffer & { readonly resizable?: boolean };
  const isOwn = kindName(buffer) === 'ArrayBuffer';
  if (!isView && !isOwn) return null;
  if (!isOwn || buffer.resizable === true)
    throw new TypeError('memory that is shared or may grow cannot be sent: copy it');
  // Of a buffer that was transferred no view can be made, and a DataView does not even tell its length.
  if (buffer.byteLength === 0) return new Uint8Array(0);
  const { byteOffset = 0, byteLength } = data as ArrayBufferView | (ArrayBuffer & { readonly byteOffset?: never });
  return new Uint8Array(buffer, byteOffset, byteLength).slice();
}

/** What a payload counts in limits and windows: the bytes that it has on the wire. */
export function payloadLength(payload: EncodedPayload): number {
  return typeof payload === 'string' ? utf8Length(payload) : payload.length;
}
