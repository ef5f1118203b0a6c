/** What travels in a world: text, or the bytes of a binary message. */
export type Data = string | Uint8Array<ArrayBuffer>;

export type PayloadKind = 'json' | 'bytes' | 'blob';

/** Kinds by seed and number, so that what is sent changes no other choice of the world. */
export function kindOf(seed: number, number: number): PayloadKind {
  return (['json', 'json', 'bytes', 'blob'] as const)[(seed * 31 + number * 7 + (number >> 2)) % 4] ?? 'json';
}

/** Lanes likewise; half of the worlds know of one only. */
export function laneOf(seed: number, number: number): 'normal' | 'urgent' {
  return seed % 2 === 0 && (number * 5 + (number >> 3)) % 4 === 0 ? 'urgent' : 'normal';
}

/** Whether it is a Blob whose bytes are gone by the time that they are read. */
export function isUnreadable(seed: number, number: number): boolean {
  return kindOf(seed, number) === 'blob' && number % 19 === 18;
}

/** A value of the world as bytes: its JSON, and behind it white space by its number, up to more than a batch of frames holds. */
export function bytesOf(value: unknown, number: number): Uint8Array<ArrayBuffer> {
  const padding = number % 23 === 0 ? 20_000 : number % 5;
  return new TextEncoder().encode(JSON.stringify(value) + ' '.repeat(padding));
}

/** What a page may send, of bytes that come later, in the time of the world. */
export function blobOf(bytes: Uint8Array<ArrayBuffer>, read: () => Promise<void>): Blob {
  const blob = {
    size: bytes.length,
    arrayBuffer: async () => {
      await read();
      return bytes.buffer;
    },
    [Symbol.toStringTag]: 'Blob',
  };
  return blob as unknown as Blob;
}

/** The text of a payload, as it was sent or as it is stored. */
export function textOf(payload: Data): string {
  return typeof payload === 'string' ? payload : new TextDecoder().decode(payload).trimEnd();
}

/** The value that was sent, whatever it was sent as. */
export function jsonOf(data: unknown): unknown {
  return data instanceof Uint8Array ? JSON.parse(textOf(data as Uint8Array<ArrayBuffer>)) : data;
}
