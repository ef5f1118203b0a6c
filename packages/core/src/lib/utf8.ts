/** Bytes of `text` in UTF-8, without encoding it. A lone surrogate counts 3, as the replacement character it becomes. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const point = text.codePointAt(index) as number;
    if (point > 0x7f) bytes += point > 0x7ff ? 2 : 1;
    // A pair is two units, and four bytes.
    if (point > 0xffff) index += 1;
  }
  return bytes;
}

/** Text as it travels in UTF-8, which has no lone surrogates. */
export function scalars(text: string): string {
  return text.replaceAll(/\p{Surrogate}/gu, '\ufffd');
}
