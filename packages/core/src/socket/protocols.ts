import { HoldfastError } from '../lib/errors.ts';
import { describe } from '../lib/describe.ts';
import type { Protocol } from '../machines/conversation.ts';
import { PlainConversation, type PlainCodec } from '../machines/plain-conversation.ts';
import { HoldfastSession } from '../machines/session.ts';
import { SUBPROTOCOL } from '../protocol/frames.ts';

export interface PlainOptions {
  /** `json` (the default): every message is JSON. `text`: messages are strings, sent and received as they are. */
  readonly codec?: PlainCodec;
  /** Subprotocols to offer. Default none; a server that selects none of those offered fails the connection. */
  readonly subprotocols?: readonly string[];
}

/**
 * The conversation with any WebSocket server: at most once. A message counts as delivered when the browser has given it
 * to the network; what was written when a connection ends fails with OUTCOME_UNKNOWN and is never sent again.
 * @throws HoldfastError INVALID_OPTION
 */
export function plain(options: PlainOptions = {}): Protocol {
  const { codec = 'json', subprotocols = [] } = options;
  if (codec !== 'json' && codec !== 'text') throw wrong('codec', "'json' or 'text'", codec);
  if (!Array.isArray(subprotocols) || subprotocols.some((name) => typeof name !== 'string')) {
    throw wrong('subprotocols', 'an array of strings', subprotocols);
  }
  return { name: 'plain', codec, subprotocols, createConversation: (host) => new PlainConversation(codec, host) };
}

/**
 * The conversation with `@holdfast/server` (subprotocol `holdfast.v1`): confirmed, in order, without doubles, and
 * resumed after every loss of the connection.
 */
export function holdfast(): Protocol {
  return { name: 'holdfast', subprotocols: [SUBPROTOCOL], createConversation: (host) => new HoldfastSession(host) };
}

function wrong(option: string, shape: string, given: unknown): HoldfastError {
  const message = `plain({ ${option} }) must be ${shape}, not ${describe(given)}`;
  return new HoldfastError({ code: 'INVALID_OPTION', message, details: { option } }, Date.now());
}
