import { kindName } from '../lib/bytes.ts';

/** Whether it is a Blob, of whatever frame; a File is one. */
export function isBlob(data: unknown): data is Blob {
  return ['Blob', 'File'].includes(kindName(data));
}
