import { payloadLength } from '../lib/bytes.ts';
import type { HoldfastError } from '../lib/errors.ts';
import type { Protocol } from '../machines/conversation.ts';
import type { Confirm } from '../machines/confirmation.ts';
import type { Ping } from '../machines/ping.ts';
import { plainConversation, type PlainCodec } from '../machines/plain-conversation.ts';
import { holdfastSession } from '../machines/session.ts';
import { SUBPROTOCOL } from '../protocol/frames.ts';
import { wrongOption } from './wrong-option.ts';

/** How to speak with a server that knows nothing of Holdfast. */
export interface PlainOptions {
  /**
   * `json` (the default): every message is JSON. `text`: messages are strings, sent and received as they are. `raw`:
   * strings or bytes as they are; what comes as bytes is a `Uint8Array`.
   */
  readonly codec?: PlainCodec;
  /** Subprotocols to offer. Default none; a server that selects none of those offered fails the connection. */
  readonly subprotocols?: readonly string[];
  /**
   * How to ask the server for a sign of life; see `@holdfast/core/pings` for those of known protocols. Default none: then
   * there is no heartbeat, and a link that dies in silence is not noticed before something is sent or the page wakes up.
   */
  readonly ping?: Ping;
  /**
   * When a message counts as delivered: `acknowledgement({ idOf, idsIn })` when the server has named its id, `pongBarrier()`
   * when it has answered a later ping. Default: when the browser has given it to the network.
   */
  readonly confirm?: Confirm;
  /**
   * What becomes of a message that was written, and not confirmed when the connection ended. `fail` (the default): it
   * rejects with OUTCOME_UNKNOWN, so that nothing arrives twice. `resend`: it is sent again, in its place, so that nothing
   * that `confirm` confirms is lost, and some may arrive twice: the server must be able to tell.
   */
  readonly onDoubt?: 'fail' | 'resend';
}

/**
 * The conversation with any WebSocket server. By itself: at most once, and a message counts as delivered when the browser
 * has given it to the network. `confirm` and `onDoubt` make more of what the server's own protocol can show.
 * @throws HoldfastError INVALID_OPTION
 */
export function plain(options: PlainOptions = {}): Protocol {
  const { codec = 'json', subprotocols = [], ping, confirm, onDoubt = 'fail' } = options;
  if (!['json', 'text', 'raw'].includes(codec)) throw wrong('codec', "'json', 'text' or 'raw'", codec);
  if (!Array.isArray(subprotocols) || subprotocols.some((name) => typeof name !== 'string')) {
    throw wrong('subprotocols', 'an array of strings', subprotocols);
  }
  if (ping !== undefined && typeof ping?.data !== 'function') throw wrong('ping', 'an object with data()', ping);
  if (confirm !== undefined && typeof confirm?.create !== 'function') {
    throw wrong('confirm', 'acknowledgement({ idOf, idsIn }) or pongBarrier()', confirm);
  }
  if (confirm?.needsPong === true && typeof ping?.isPong !== 'function') {
    throw wrong('ping', 'an object with data() and isPong(), which pongBarrier() stands on', ping);
  }
  if (onDoubt !== 'fail' && onDoubt !== 'resend') throw wrong('onDoubt', "'fail' or 'resend'", onDoubt);
  return {
    name: 'plain',
    codec,
    // Never more than its bytes, and near enough: what has left the browser is counted with it, and is never overstated.
    bytesOf: (payload) => payload.length,
    hasPing: ping !== undefined,
    subprotocols,
    createConversation: (host) => plainConversation(host, { codec, ping, confirm, onDoubt }),
  };
}

/** How to speak with `@holdfast/server`. */
export interface HoldfastOptions {
  /**
   * Where the token of `auth` travels. `message` (the default): in the first message, where no log sees it.
   * `subprotocol`: with the upgrade, as a subprotocol, for a proxy that has to know it before it lets anybody through:
   * a header that proxies may log.
   */
  readonly tokenIn?: 'message' | 'subprotocol';
}

/**
 * The conversation with `@holdfast/server` (subprotocol `holdfast.v1`): confirmed, in order, without doubles, and
 * resumed after every loss of the connection.
 * @throws HoldfastError INVALID_OPTION
 */
export function holdfast({ tokenIn = 'message' }: HoldfastOptions = {}): Protocol {
  if (tokenIn !== 'message' && tokenIn !== 'subprotocol')
    throw wrongOption('tokenIn', "'message' or 'subprotocol'", tokenIn, 'holdfast({ tokenIn })');
  return {
    name: 'holdfast',
    bytesOf: payloadLength,
    hasPing: true,
    subprotocols: [SUBPROTOCOL],
    isTokenOffered: tokenIn === 'subprotocol',
    createConversation: (host) => holdfastSession(host),
  };
}

function wrong(option: string, shape: string, given: unknown): HoldfastError {
  return wrongOption(option, shape, given, `plain({ ${option} })`);
}
