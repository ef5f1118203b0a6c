import type { EncodedPayload } from '@holdfast/core/protocol';

/** Bytes that a payload costs in memory at most: two for a character. */
export function payloadCost(payload: EncodedPayload): number {
  return typeof payload === 'string' ? payload.length * 2 : payload.length;
}
