import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeServerMessage, type Decoded } from './decode.ts';
import { decodeClientMessage } from './decode-client.ts';

/** One message and the verdict that a decoder must reach; docs/protocol-vectors.json is for servers in any language. */
interface Vector {
  readonly name: string;
  readonly from: 'client' | 'server';
  /** The text of a WebSocket message, or the bytes of a binary one as base64. */
  readonly data: string | { readonly binary: string };
  readonly ok: boolean;
  /** What the receiver is configured with; without it, limits that the message keeps. */
  readonly limits?: { readonly messageBytes: number; readonly producers: number };
  readonly closeCode?: number;
  /** Words that this decoder's fault has. Others may say it in words of their own. */
  readonly message?: string;
}

const vectors = JSON.parse(
  readFileSync(new URL('../../../../docs/protocol-vectors.json', import.meta.url), 'utf8'),
) as Vector[];

function decode({ from, data, limits = { messageBytes: 1_000_000, producers: 100 } }: Vector): Decoded<unknown> {
  const message = typeof data === 'string' ? data : new Uint8Array(Buffer.from(data.binary, 'base64')).buffer;
  return from === 'client' ? decodeClientMessage(message, limits) : decodeServerMessage(message);
}

describe('docs/protocol-vectors.json', () => {
  it('has vectors for both ends, each with a name of its own', () => {
    expect(vectors.length).toBeGreaterThan(60);
    expect(new Set(vectors.map(({ name }) => name)).size).toBe(vectors.length);
    expect(new Set(vectors.map(({ from, ok }) => `${from} ${ok}`)).size).toBe(4);
  });

  it.each(vectors.filter(({ ok }) => ok))('$from: $name', (vector) => {
    expect(decode(vector)).toMatchObject({ ok: true });
  });

  it.each(vectors.filter(({ ok }) => !ok))('not from a $from: $name', (vector) => {
    const decoded = decode(vector);
    if (decoded.ok) expect.fail('it was taken');
    expect(decoded.fault.closeCode).toBe(vector.closeCode);
    expect(decoded.fault.message).toContain(vector.message ?? '');
  });
});
