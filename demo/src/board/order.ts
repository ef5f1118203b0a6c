import type { BoardLine } from '../messages.ts';

/** How many of these lines, which are in the order of their places, have a place up to this one. */
export function countThrough(lines: readonly BoardLine[], seq: number): number {
  let count = lines.length;
  // Nearly always the answer is at the end.
  while (count > 0 && (lines[count - 1]?.[0] ?? 0) > seq) count -= 1;
  return count;
}
