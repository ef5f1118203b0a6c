import { describe } from '../lib/describe.ts';
import { HoldfastError } from '../lib/errors.ts';

/** The error for an option: it names it (`name` in words), the shape that it must have, and the shape of what was given. */
export function wrongOption(option: string, shape: string, given: unknown, name = `option ${option}`): HoldfastError {
  const message = `${name} must be ${shape}, not ${describe(given)}`;
  return new HoldfastError({ code: 'INVALID_OPTION', message, details: { option } }, Date.now());
}
