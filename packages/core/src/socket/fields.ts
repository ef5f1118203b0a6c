import { wrongOption } from './wrong-option.ts';

/** An option: its default (undefined: it must be given), whether a value is right, and the words for what it must be. */
export type Field<T> = readonly [fallback: T | undefined, isRight: (value: unknown) => boolean, shape: string];

type Fields = { readonly [name: string]: Field<unknown> };
/** The options with every default filled in. */
export type Filled<F extends Fields> = {
  readonly [Name in keyof F]: F[Name] extends Field<infer T> ? T : never;
};

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Milliseconds, counts and factors. */
export function above0(fallback: number): Field<number> {
  return [fallback, (value) => typeof value === 'number' && value > 0, 'a number above 0'];
}

/** A function that may be left out. */
export function optional<T>(): Field<T | null> {
  return [null, (value) => typeof value === 'function', 'a function'];
}

/**
 * Checks every option and takes the default for what is undefined.
 * @param name what the options are an option of; empty: of nothing
 * @throws HoldfastError INVALID_OPTION naming the option, the shape that it must have and the shape that it has
 */
export function fill<F extends Fields>(name: string, given: unknown, fields: F): Filled<F> {
  if (!isObject(given)) throw wrongOption(name || 'options', 'an object', given, name ? undefined : 'options');
  const values = given as { readonly [name: string]: unknown };
  const filled: { [name: string]: unknown } = {};
  const full = (field: string): string => (name ? `${name}.${field}` : field);
  for (const field of Object.keys(given)) {
    const known = Object.keys(fields);
    if (!known.includes(field))
      throw wrongOption(full(field), `left out: there are ${known.join(', ')}`, values[field]);
  }
  for (const [field, [fallback, isRight, shape]] of Object.entries(fields)) {
    const { [field]: value = fallback } = values;
    // A default may be what nobody can give.
    if ((values[field] !== undefined || fallback === undefined) && !isRight(value))
      throw wrongOption(full(field), shape, value);
    filled[field] = value;
  }
  return filled as Filled<F>;
}
