import { expect, it } from 'vitest';
import { isBlob } from './blob.ts';

it('a Blob is one, and a File', () => {
  const others = ['[object Blob]', null, {}, new Uint8Array(1), new ArrayBuffer(1)];
  expect([new Blob(), new File([], 'name'), ...others].map(isBlob)).toEqual([true, true, ...others.map(() => false)]);
});
