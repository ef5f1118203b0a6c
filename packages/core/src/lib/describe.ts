/** Longest name of a key that is told whole: a peer may send one of a megabyte, and what is said here travels. */
const KEY_LENGTH = 20;

/** The shape of a value in a few words, for error messages: never its content, which may be secret or huge. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'string') return `a string of ${value.length}`;
  if (typeof value === 'number' || typeof value === 'boolean') return `the ${typeof value} ${value}`;
  if (typeof value === 'object') {
    return `an object with keys ${JSON.stringify(Object.keys(value).slice(0, 5).map(shortened))}`;
  }
  return typeof value;
}

function shortened(key: string): string {
  return key.length > KEY_LENGTH ? `${key.slice(0, KEY_LENGTH)}…` : key;
}
