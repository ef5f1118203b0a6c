import { shallow } from 'zustand/vanilla/shallow';

/** `after`, or `before` where the two look the same: by `Object.is` or, for plain objects, arrays, maps and sets, by their entries. */
export function keepSame<Value>(before: Value | undefined, after: Value): Value {
  return hasEntries(before) && hasEntries(after) && shallow(before, after) ? before : after;
}

/** zustand's `shallow` alone would find any two dates or errors without own fields the same. */
function hasEntries(value: unknown): value is NonNullable<unknown> {
  const object = Object(value) as Iterable<unknown> & { readonly constructor: unknown };
  return object[Symbol.iterator] !== undefined || object.constructor === Object;
}
