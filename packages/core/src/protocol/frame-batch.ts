import type { Bytes } from '../lib/bytes.ts';
import { joinBinary, type BinaryFrame } from './binary.ts';

/** Target for one WebSocket message: characters of text, or bytes. A frame above it travels alone. */
const BATCH_LENGTH = 16_384;

/** The frames of one turn, in as few WebSocket messages as possible. */
export interface FrameBatch {
  push(frame: string | BinaryFrame): void;
  /** Writes what is left. */
  flush(): void;
  clear(): void;
}

/** One kind follows the other in a message of its own, so that frames arrive in the order of the calls. */
export function frameBatch(write: (data: string | Bytes) => void): FrameBatch {
  let texts: string[] = [];
  let binaries: BinaryFrame[] = [];
  let length = 0;

  function clear(): void {
    texts = [];
    binaries = [];
    length = 0;
  }

  function flush(): void {
    if (length === 0) return;
    const data = texts.length > 0 ? texts.join('\n') : joinBinary(binaries);
    clear();
    write(data);
  }

  return {
    push(frame) {
      const isText = typeof frame === 'string';
      const size = isText ? frame.length : frame[0].length + frame[1].length;
      if ((isText ? binaries : texts).length > 0 || length + size > BATCH_LENGTH) flush();
      if (isText) texts.push(frame);
      else binaries.push(frame);
      length += size + 1;
    },
    flush,
    clear,
  };
}
