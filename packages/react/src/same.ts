import { shallow } from 'zustand/vanilla/shallow';

/**
 * Whether two values look the same: by `Object.is` or, for plain objects, arrays, maps and sets, by their entries. zustand's
 * `shallow` alone would find any two dates or errors without own fields the same.
 */
export function isSame(a: unknown, b: unknown): boolean {
  return Object.is(a, b) || (hasEntries(a) && hasEntries(b) && shallow(a, b));
}

function hasEntries(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value) || value instanceof Map || value instanceof Set) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
