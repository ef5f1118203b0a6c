/**
 * The wire protocol `holdfast.v1` without any runtime: frames, their codec and close codes, and the heartbeat that both
 * ends run. `@holdfast/server` is built on this entry; docs/protocol.md is the reference.
 */
export { joinBinary, messageFrame } from './protocol/binary.ts';
export type { BinaryFrame } from './protocol/binary.ts';
export { CLOSE } from './protocol/close-codes.ts';
export { closeControl, isCloseCode, openControl, openedControl, readControl } from './protocol/controls.ts';
export type { Control } from './protocol/controls.ts';
export { decodeServerMessage } from './protocol/decode.ts';
export type { Decoded, DecodeFault } from './protocol/decode.ts';
export { decodeClientMessage } from './protocol/decode-client.ts';
export type { DecodeLimits } from './protocol/decode-client.ts';
export { frameBatch } from './protocol/frame-batch.ts';
export type { FrameBatch } from './protocol/frame-batch.ts';
export {
  AUTH_PREFIX,
  encode,
  MOST_DRAIN_MS,
  MOST_REFUSALS,
  SLOT_PREFIX,
  SUBPROTOCOL,
  VERSION,
} from './protocol/frames.ts';
export type {
  ClientFrame,
  CommonFrame,
  Hello,
  Lost,
  LostReason,
  MessageData,
  ProducerClaim,
  Refusal,
  ServerFrame,
  Taken,
  Welcome,
  WireError,
} from './protocol/frames.ts';
export { heartbeat } from './machines/heartbeat.ts';
export type { HeartbeatEvent, HeartbeatOptions, HeartbeatState, HeartbeatWord } from './machines/heartbeat.ts';
export { bytesIn } from './lib/bytes.ts';
export type { Bytes, EncodedPayload } from './lib/bytes.ts';
export { describe } from './lib/describe.ts';
export { Deque } from './lib/deque.ts';
export type { Json } from './lib/errors.ts';
