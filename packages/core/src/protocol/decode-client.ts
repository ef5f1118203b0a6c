import { utf8Length } from '../lib/utf8.ts';
import {
  anything,
  COMMON,
  decodeMessage,
  Fault,
  frameTable,
  identifier,
  integer,
  list,
  object,
  positive,
  text,
  type Check,
  type Decoded,
} from './decode.ts';
import type { ClientFrame, ProducerClaim } from './frames.ts';

/** Bounds on what a client may send, checked before anything is taken. */
export interface DecodeLimits {
  /** Bytes of one payload, of text in UTF-8. */
  readonly messageBytes: number;
  /** Producers in one `hello` or `producers` frame. */
  readonly producers: number;
}

const TOKEN_LENGTH = 16_384;
const token: Check = (value, name) => text(value, name, TOKEN_LENGTH);
const SESSION = { session: identifier, key: identifier, epoch: identifier, received: integer };

function claims(value: unknown, most: number): readonly ProducerClaim[] {
  const claimed = list(value, 'producers', most).map((item, index): ProducerClaim => {
    const name = `producers[${index}]`;
    const claim = list(item, name);
    if (claim.length !== 4) throw new Fault(`${name} must be [id, firstUnsettled, nextSeq, maybeSent]`);
    const id = identifier(claim[0], `${name}[0] (id)`) as string;
    const first = positive(claim[1], `${name}[1] (firstUnsettled)`) as number;
    const next = positive(claim[2], `${name}[2] (nextSeq)`) as number;
    const maybeSent = integer(claim[3], `${name}[3] (maybeSent)`) as number;
    if (next < first || maybeSent >= next)
      throw new Fault(`${name}: firstUnsettled <= nextSeq and maybeSent < nextSeq must hold`);
    return [id, first, next, maybeSent];
  });
  if (new Set(claimed.map(([id]) => id)).size !== claimed.length) throw new Fault('a producer is listed twice');
  return claimed;
}

const helloFields = object(
  { v: integer, client: identifier, n: positive, producers: anything },
  { ...SESSION, auth: token },
);

const hello: Check = (value) => {
  const checked = helloFields(value, 'hello') as object;
  const resumes = Object.keys(SESSION).filter((key) => Object.hasOwn(checked, key));
  if (resumes.length !== 0 && resumes.length !== 4)
    throw new Fault(`hello has ${resumes.join(', ')}: session, key, epoch and received come together`);
  return checked;
};

const CLIENT = frameTable({
  ...COMMON,
  hello: { hello },
  producers: { producers: anything },
  m: { producer: integer, seq: positive, payload: anything },
  s: { producer: integer, seq: positive },
  a: { offset: integer },
  fin: { id: identifier },
  auth: { token },
});

/** Decodes what a client sent. */
export function decodeClientMessage(data: unknown, limits: DecodeLimits): Decoded<ClientFrame> {
  return decodeMessage<ClientFrame>(data, CLIENT, (frame, line) => {
    switch (frame.kind) {
      case 'm': {
        const { payload } = frame;
        const bytes = payload instanceof Uint8Array ? payload.length : payloadBytes(line);
        if (bytes > limits.messageBytes)
          throw new Fault(`a payload of ${bytes} bytes is above the limit of ${limits.messageBytes}`, 1009);
        // Its own frame, just made: a copy of each message would cost as much as all the checks.
        return Object.assign(frame, { bytes });
      }
      case 'hello':
        return { ...frame, hello: { ...frame.hello, producers: claims(frame.hello.producers, limits.producers) } };
      case 'producers':
        return { ...frame, producers: claims(frame.producers, limits.producers) };
      default:
        return frame;
    }
  });
}

/**
 * The payload is what the line has behind its third comma: measured without encoding it again, and not by the numbers
 * before it, since `1e15` is shorter than the number that it stands for.
 */
function payloadBytes(line: string): number {
  const comma = line.indexOf(',', line.indexOf(',', line.indexOf(',') + 1) + 1);
  // Up to the comma all is ASCII; the bracket at the end is the frame's. White space counts, as it does on the wire.
  return utf8Length(line) - comma - 2;
}
