import { describe, expect, it } from 'vitest';
import { joinBinary, messageFrame, splitBinary, type BinaryFrame } from './binary.ts';
import { frameBatch } from './frame-batch.ts';

function fail(message: string): never {
  throw new Error(message);
}

function binary(payload: Uint8Array<ArrayBuffer>, ...numbers: number[]): BinaryFrame {
  return messageFrame(payload, ...numbers) as BinaryFrame;
}

describe('a message of bytes', () => {
  it('is a kind, its numbers, its length and its bytes, as docs/protocol.md has it', () => {
    expect([...joinBinary([binary(Uint8Array.of(7, 8), 0, 300)])]).toEqual([1, 0, 0xac, 0x02, 2, 7, 8]);
    expect(messageFrame('{"a":1}', 3, 4)).toBe('["m",3,4,{"a":1}]');
  });

  it.each([0, 1, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER])(
    'carries the number %i',
    (number) => {
      const data = joinBinary([binary(new Uint8Array(1), number)]);
      expect(splitBinary(data, 1, fail)).toEqual([['m', number, new Uint8Array(1)]]);
    },
  );

  it('is decoded into bytes that are not those of the message', () => {
    const data = joinBinary([binary(Uint8Array.of(7), 1)]);
    const [frame] = splitBinary(data, 1, fail);
    data.fill(0);
    const payload = frame?.[2] as Uint8Array;
    expect([...payload]).toEqual([7]);
    expect(payload.buffer.byteLength).toBe(1);
  });
});

describe('the frames of a turn', () => {
  function aBatch(): { written: unknown[]; batch: ReturnType<typeof frameBatch> } {
    const written: unknown[] = [];
    const batch = frameBatch((data) => written.push(typeof data === 'string' ? data : [...data]));
    return { written, batch };
  }

  it('share a WebSocket message while they are of one kind', () => {
    const { written, batch } = aBatch();
    batch.push('a');
    batch.push('b');
    batch.push(binary(Uint8Array.of(5), 1));
    batch.push(binary(Uint8Array.of(6), 2));
    batch.push('c');
    expect(written).toHaveLength(2);
    batch.flush();
    batch.flush();
    expect(written).toEqual(['a\nb', [1, 1, 1, 5, 1, 2, 1, 6], 'c']);
  });

  it('share it up to 16 KiB, and a larger one travels alone', () => {
    const { written, batch } = aBatch();
    const sizes = [8_000, 8_000, 1_000, 40_000, 1];
    for (const size of sizes) batch.push(binary(new Uint8Array(size), 1));
    batch.flush();
    for (const size of sizes) batch.push('x'.repeat(size));
    batch.flush();
    const lengths = written.map((data) => Math.round((data as string).length / 1_000));
    expect(lengths).toEqual([16, 1, 40, 0, 16, 1, 40, 0]);
  });

  it('are bounded by what they are, however small their payloads', () => {
    const { written, batch } = aBatch();
    for (let count = 0; count < 10_000; count += 1) batch.push(binary(new Uint8Array(0), 1));
    batch.flush();
    expect(Math.max(...written.map((data) => (data as number[]).length))).toBeLessThanOrEqual(16_384);
  });

  it('are gone when the connection is', () => {
    const { written, batch } = aBatch();
    batch.push('a');
    batch.clear();
    batch.flush();
    expect(written).toEqual([]);
  });
});
