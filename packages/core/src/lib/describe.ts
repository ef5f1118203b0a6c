/** The shape of a value in a few words, for error messages: never its content, which may be secret or huge. */
export function describe(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'string') return `a string of ${value.length}`;
  if (typeof value === 'number' || typeof value === 'boolean') return `the ${typeof value} ${value}`;
  return value !== null && typeof value === 'object' ? 'an object' : String(value === null ? value : typeof value);
}
