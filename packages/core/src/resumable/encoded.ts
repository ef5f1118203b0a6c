import { kindName, type Bytes } from '../lib/bytes.ts';
import { scalars, utf8Length } from '../lib/utf8.ts';

/** A message of a library. */
export interface Encoded {
  /** As it goes on the wire; a Blob must be read first. */
  readonly payload: string | Bytes | Blob;
  /** What it counts there. */
  readonly bytes: number;
  /** And to the library: what a plain WebSocket would send. */
  readonly size: number;
}

/**
 * What `send` was given, with its bytes of this moment.
 * @throws TypeError for a view of shared memory, as the browser's own `send`; what a conversion to a string throws
 */
export function encoded(data: unknown): Encoded {
  if (data instanceof Blob) return { payload: data, bytes: data.size, size: data.size };
  if (ArrayBuffer.isView(data) || kindName(data) === 'ArrayBuffer') {
    const payload = copyOf(data as ArrayBuffer | ArrayBufferView);
    return { payload, bytes: payload.length, size: payload.length };
  }
  const text = scalars(`${data as string}`);
  const size = utf8Length(text);
  const payload = JSON.stringify(text);
  // All that JSON adds is ASCII.
  return { payload, bytes: size + payload.length - text.length, size };
}

function copyOf(data: ArrayBuffer | ArrayBufferView): Bytes {
  if (!ArrayBuffer.isView(data)) return data.byteLength === 0 ? new Uint8Array(0) : new Uint8Array(data.slice(0));
  const { buffer, byteOffset, byteLength } = data;
  if (kindName(buffer) !== 'ArrayBuffer') throw new TypeError('shared memory cannot be sent: copy it');
  // Of a buffer that was given away no view can be made: it is sent as an empty message.
  return byteLength === 0 ? new Uint8Array(0) : new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength).slice();
}
