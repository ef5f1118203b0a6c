import type { Json, WireError } from '@holdfast/core/protocol';
import type { Refuse } from './errors.ts';

/** What a client accepts of an error: more would make it give the connection up. */
const CODE_LENGTH = 64;
const MESSAGE_LENGTH = 1_024;
/** Refusals are kept, up to a window of messages for each producer, in memory and in the store. */
const DETAILS_LENGTH = 1_024;

/** An error within the bounds of the wire. */
export function wireError(code: string, message: string): WireError {
  return { code: code.slice(0, CODE_LENGTH), message: message.slice(0, MESSAGE_LENGTH) };
}

/** What the sender gets to know of a refusal. `onDropped` hears why its details had to stay behind. */
export function refusalError(refuse: Refuse, onDropped: (why: string) => void): WireError {
  // The app may have put anything there, whatever the types say.
  const error = wireError(String(refuse.code), String(refuse.message));
  const { details } = refuse;
  if (details === undefined) return error;
  let text: string | undefined;
  try {
    text = JSON.stringify(details);
  } catch {
    onDropped('JSON cannot encode them');
    return error;
  }
  if (text === undefined || text[0] !== '{') {
    onDropped('they are not an object');
    return error;
  }
  if (text.length > DETAILS_LENGTH) {
    onDropped(`they are ${text.length} characters long, at most ${DETAILS_LENGTH} are allowed`);
    return error;
  }
  // A copy: the app may go on writing to its object.
  return { ...error, details: JSON.parse(text) as { readonly [key: string]: Json } };
}
