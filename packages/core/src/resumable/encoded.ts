import { isBlob } from '../environment/blob.ts';
import { copiedBytes, type Bytes } from '../lib/bytes.ts';
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
 * @throws TypeError for a view of shared memory and for memory that may grow, as the browser's own `send`; what a
 * conversion to a string throws
 */
export function encoded(data: unknown): Encoded {
  if (isBlob(data)) return { payload: data, bytes: data.size, size: data.size };
  const payload = copiedBytes(data);
  if (payload !== null) return { payload, bytes: payload.length, size: payload.length };
  const text = scalars(`${data as string}`);
  const size = utf8Length(text);
  const json = JSON.stringify(text);
  // All that JSON adds is ASCII.
  return { payload: json, bytes: size + json.length - text.length, size };
}
