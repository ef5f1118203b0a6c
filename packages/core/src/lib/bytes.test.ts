import { describe, expect, it } from 'vitest';
import { runInNewContext } from 'node:vm';
import { bytesIn, payloadLength } from './bytes.ts';

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

it('a payload counts its bytes on the wire', () => {
  expect([payloadLength('"aü漢"'), payloadLength(new Uint8Array(7))]).toEqual([8, 7]);
});
