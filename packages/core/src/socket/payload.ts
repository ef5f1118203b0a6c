import { isBlob } from '../environment/blob.ts';
import { bytesIn, type EncodedPayload } from '../lib/bytes.ts';
import { describe } from '../lib/describe.ts';
import type { Failure } from '../lib/errors.ts';
import type { Protocol } from '../machines/conversation.ts';
import type { Entry } from '../machines/producer-log.ts';
import type { MessageData } from '../protocol/frames.ts';

/** What `send` was given, as it goes on the wire: a Blob is still to be read. */
export function encodePayload(data: unknown, { codec }: Protocol): EncodedPayload | Blob | Failure {
  const isText = codec === 'text' || codec === 'raw';
  const hasBytes = codec === undefined || codec === 'raw';
  let cause: unknown;
  try {
    const binary = isBlob(data) ? data : bytesIn(data);
    // JSON would make an object of it.
    if (binary !== null) {
      // Copied: the app may go on writing into it.
      if (hasBytes) return 'size' in binary ? binary : binary.slice();
    } else {
      const text = isText ? data : JSON.stringify(data);
      if (typeof text === 'string') return text;
    }
  } catch (fault) {
    cause = fault;
  }
  const message = `send() takes ${isText ? 'strings' : 'what JSON can carry'}${hasBytes ? ' and bytes' : ''}, not ${describe(data)}`;
  return { code: 'INVALID_MESSAGE', message, cause };
}

/** What `encodePayload` was given; undefined for a Blob that was not read. */
export function decodePayload(
  { payload, bytes }: Pick<Entry, 'payload' | 'bytes'>,
  { codec = 'json' }: Protocol,
): MessageData | undefined {
  const isJson = codec === 'json' && typeof payload === 'string';
  if (payload === '' && (isJson || bytes > 0)) return undefined;
  return isJson ? (JSON.parse(payload) as MessageData) : payload;
}
