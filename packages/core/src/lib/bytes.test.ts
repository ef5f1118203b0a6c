import { describe, expect, it } from 'vitest';
import { runInNewContext } from 'node:vm';
import { bytesIn, copiedBytes, payloadLength } from './bytes.ts';

describe('bytes in what was given', () => {
  const { buffer } = Uint8Array.of(1, 2, 3, 4, 5);

  it.each([
    ['a buffer', buffer, [1, 2, 3, 4, 5]],
    ['a typed array in the middle of one', new Uint8Array(buffer, 1, 3), [2, 3, 4]],
    ['a view of wider numbers', new Uint16Array(buffer, 2, 1), [3, 4]],
    ['a DataView', new DataView(buffer, 4), [5]],
    ['a Buffer of Node', Buffer.from([7, 8]), [7, 8]],
    ['a buffer that threads share', new SharedArrayBuffer(2), [0, 0]],
    ['a buffer of another realm', runInNewContext('Uint8Array.of(9, 8).buffer') as ArrayBuffer, [9, 8]],
    ['a view of another realm', runInNewContext('new DataView(Uint8Array.of(9, 8).buffer)') as DataView, [9, 8]],
  ])('%s', (_name, data, bytes) => {
    const found = bytesIn(data);
    expect(Object.getPrototypeOf(found)).toBe(Uint8Array.prototype);
    expect([...(found ?? [])]).toEqual(bytes);
  });

  it.each([undefined, null, 'text', 7, [1, 2], { length: 2 }, { byteLength: 2 }, new Blob(['x'])])(
    'none in %o',
    (data) => {
      expect(bytesIn(data)).toBeNull();
    },
  );

  it('a buffer that was transferred throws, as a buffer and in a view', () => {
    const view = new Uint8Array(4);
    structuredClone(view.buffer, { transfer: [view.buffer] });
    expect(() => bytesIn(view)).toThrow(TypeError);
    expect(() => bytesIn(view.buffer)).toThrow(TypeError);
  });
});

describe('copied bytes', () => {
  it('are those of the moment, of the part that a view shows', () => {
    const bytes = Uint8Array.of(1, 2, 3, 4);
    const copies = [
      bytes.buffer,
      bytes.subarray(1, 3),
      new DataView(bytes.buffer, 3),
      new Uint16Array(bytes.buffer),
    ].map((data) => copiedBytes(data));
    bytes.fill(9);
    expect(copies.map((copy) => [...(copy ?? [])])).toEqual([[1, 2, 3, 4], [2, 3], [4], [1, 2, 3, 4]]);
    // No view of more than itself: what is sent may be taken by its buffer.
    expect(copies.map((copy) => copy?.buffer.byteLength)).toEqual([4, 2, 1, 4]);
  });

  it('of another realm are those of this one', () => {
    for (const made of [
      'Uint8Array.of(7, 8).buffer',
      'Uint8Array.of(7, 8)',
      'new DataView(Uint8Array.of(7, 8).buffer)',
    ]) {
      const copy = copiedBytes(runInNewContext(made));
      expect(Object.getPrototypeOf(copy)).toBe(Uint8Array.prototype);
      expect(copy).toEqual(Uint8Array.of(7, 8));
    }
  });

  it('of a buffer that was transferred are none', () => {
    const view = new DataView(new ArrayBuffer(4));
    const typed = new Uint8Array(view.buffer, 1);
    structuredClone(view.buffer, { transfer: [view.buffer] });
    for (const data of [view, typed, typed.buffer]) expect(copiedBytes(data)).toEqual(new Uint8Array(0));
  });

  it('are refused of shared memory and of memory that may grow, as a browser does', () => {
    const growable = Reflect.construct(ArrayBuffer, [2, { maxByteLength: 4 }]) as ArrayBuffer;
    for (const data of [new Uint8Array(new SharedArrayBuffer(2)), growable, new DataView(growable)]) {
      expect(() => copiedBytes(data)).toThrow(TypeError);
    }
  });

  it.each([undefined, null, 'text', 7, [1, 2], { byteLength: 2 }, new Blob(['x']), new SharedArrayBuffer(2)])(
    'are not in %o',
    (data) => {
      expect(copiedBytes(data)).toBeNull();
    },
  );
});

it('a payload counts its bytes on the wire', () => {
  expect([payloadLength('"aü漢"'), payloadLength(new Uint8Array(7))]).toEqual([8, 7]);
});
