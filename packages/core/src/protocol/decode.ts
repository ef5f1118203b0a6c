import { describe } from '../lib/describe.ts';
import type { Json } from '../lib/errors.ts';
import { utf8Length } from '../lib/utf8.ts';
import type {
  ClientFrame,
  CommonFrame,
  Hello,
  Lost,
  ProducerClaim,
  Refusal,
  ServerFrame,
  Taken,
  Welcome,
  WireError,
} from './frames.ts';

/** Bounds on what a peer may send, checked before anything is taken. */
export interface DecodeLimits {
  /** UTF-8 bytes of one payload. */
  readonly messageBytes: number;
  /** Producers in one `hello` or `producers` frame. */
  readonly producers: number;
}

/** Limits that no lawful frame of either end passes: identifiers, tokens and texts of errors. */
const ID_LENGTH = 64;
const TOKEN_LENGTH = 16_384;
const TEXT_LENGTH = 1_024;
const REFUSALS = 10_000;

/** All frames of one WebSocket message, or the first fault in it: then none of them counts. */
export type Decoded<Frame> =
  | { readonly ok: true; readonly frames: readonly Frame[] }
  | { readonly ok: false; readonly fault: DecodeFault };

/** What is wrong, for the `error` frame and the close code that answer it. */
export interface DecodeFault {
  /** 1002: breaks the protocol. 1003: not text. 1009: a payload above the limit. */
  readonly closeCode: 1002 | 1003 | 1009;
  readonly message: string;
}

/** Decodes what a client sent. */
export function decodeClientMessage(data: unknown, limits: DecodeLimits): Decoded<ClientFrame> {
  return decode(data, (array, line) => clientFrame(array, line, limits));
}

/** Decodes what a server sent. */
export function decodeServerMessage(data: unknown): Decoded<ServerFrame> {
  return decode(data, serverFrame);
}

class Fault extends Error {
  readonly closeCode: DecodeFault['closeCode'];
  constructor(message: string, closeCode: DecodeFault['closeCode'] = 1002) {
    super(message);
    this.closeCode = closeCode;
  }
}

function decode<Frame>(data: unknown, read: (array: readonly unknown[], line: string) => Frame): Decoded<Frame> {
  try {
    if (typeof data !== 'string') throw new Fault(`a message must be text, not ${describe(data)}`, 1003);
    const frames = data.split('\n').map((line, index) => {
      const value = parse(line, index);
      if (!Array.isArray(value)) throw new Fault(`frame ${index} must be an array, not ${describe(value)}`);
      return read(value, line);
    });
    return { ok: true, frames };
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    return { ok: false, fault: { closeCode: fault.closeCode, message: fault.message } };
  }
}

function parse(line: string, index: number): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // The parser's own message quotes the input, which may be secret.
    throw new Fault(`frame ${index} is not JSON (${line.length} characters)`);
  }
}

function clientFrame(array: readonly unknown[], line: string, limits: DecodeLimits): ClientFrame {
  switch (array[0]) {
    case 'hello':
      return { kind: 'hello', hello: hello(only(array, 2)[1], limits) };
    case 'producers':
      return { kind: 'producers', producers: claims(only(array, 2)[1], limits) };
    case 'm': {
      only(array, 4);
      const producer = integer(array[1], 'm[1] (producer)');
      const seq = positive(array[2], 'm[2] (seq)');
      const bytes = payloadBytes(line);
      if (bytes > limits.messageBytes) {
        throw new Fault(`a payload of ${bytes} bytes is above the limit of ${limits.messageBytes}`, 1009);
      }
      return { kind: 'm', producer, seq, payload: array[3] as Json, bytes };
    }
    case 's':
      only(array, 3);
      return { kind: 's', producer: integer(array[1], 's[1] (producer)'), seq: positive(array[2], 's[2] (seq)') };
    case 'a':
      return { kind: 'a', offset: integer(only(array, 2)[1], 'a[1] (offset)') };
    case 'fin':
      return { kind: 'fin', id: identifier(only(array, 2)[1], 'fin[1] (producer)') };
    default:
      return commonFrame(array);
  }
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

function serverFrame(array: readonly unknown[]): ServerFrame {
  switch (array[0]) {
    case 'welcome':
      return { kind: 'welcome', welcome: welcome(only(array, 2)[1]) };
    case 'taken':
      return { kind: 'taken', taken: takens(only(array, 2)[1], 'taken[1]') };
    case 'm':
      only(array, 3);
      return { kind: 'm', offset: positive(array[1], 'm[1] (offset)'), payload: array[2] as Json };
    case 'a':
      only(array, 3);
      return { kind: 'a', producer: integer(array[1], 'a[1] (producer)'), seq: positive(array[2], 'a[2] (seq)') };
    case 'r':
      only(array, 4);
      return {
        kind: 'r',
        producer: integer(array[1], 'r[1] (producer)'),
        seq: positive(array[2], 'r[2] (seq)'),
        error: wireError(array[3], 'r[3]'),
      };
    default:
      return commonFrame(array);
  }
}

function commonFrame(array: readonly unknown[]): CommonFrame {
  switch (array[0]) {
    case 'p':
    case 'q':
      return { kind: array[0], n: integer(only(array, 2)[1], `${array[0]}[1]`) };
    case 'error':
      return { kind: 'error', error: wireError(only(array, 2)[1], 'error[1]') };
    default:
      throw new Fault(`a frame can't start with ${describe(array[0])}`);
  }
}

function hello(value: unknown, limits: DecodeLimits): Hello {
  const object = record(value, 'hello');
  const resumes = ['session', 'key', 'epoch', 'received'].filter((key) => object[key] !== undefined);
  if (resumes.length !== 0 && resumes.length !== 4) {
    throw new Fault(`hello has ${resumes.join(', ')}: session, key, epoch and received come together`);
  }
  return {
    v: integer(object['v'], 'hello.v'),
    client: identifier(object['client'], 'hello.client'),
    n: positive(object['n'], 'hello.n'),
    producers: claims(object['producers'], limits),
    ...(resumes.length === 4 && {
      session: identifier(object['session'], 'hello.session'),
      key: identifier(object['key'], 'hello.key'),
      epoch: identifier(object['epoch'], 'hello.epoch'),
      received: integer(object['received'], 'hello.received'),
    }),
    ...(object['auth'] !== undefined && { auth: text(object['auth'], 'hello.auth', TOKEN_LENGTH) }),
  };
}

function claims(value: unknown, limits: DecodeLimits): readonly ProducerClaim[] {
  const claimed = list(value, 'producers', limits.producers).map((item, index): ProducerClaim => {
    const name = `producers[${index}]`;
    const claim = list(item, name, 4);
    if (claim.length !== 4) throw new Fault(`${name} must be [id, firstUnsettled, nextSeq, maybeSent]`);
    const first = positive(claim[1], `${name}[1] (firstUnsettled)`);
    const next = positive(claim[2], `${name}[2] (nextSeq)`);
    const maybeSent = integer(claim[3], `${name}[3] (maybeSent)`);
    if (next < first || maybeSent >= next) {
      throw new Fault(`${name}: firstUnsettled <= nextSeq and maybeSent < nextSeq must hold`);
    }
    return [identifier(claim[0], `${name}[0] (id)`), first, next, maybeSent];
  });
  if (new Set(claimed.map(([id]) => id)).size !== claimed.length) throw new Fault('a producer is listed twice');
  return claimed;
}

function welcome(value: unknown): Welcome {
  const object = record(value, 'welcome');
  const heartbeat = record(object['heartbeat'], 'welcome.heartbeat');
  const window = record(object['window'], 'welcome.window');
  const limits = record(object['limits'], 'welcome.limits');
  return {
    session: identifier(object['session'], 'welcome.session'),
    key: identifier(object['key'], 'welcome.key'),
    epoch: identifier(object['epoch'], 'welcome.epoch'),
    offset: integer(object['offset'], 'welcome.offset'),
    resumed: boolean(object['resumed'], 'welcome.resumed'),
    ...(object['lost'] !== undefined && { lost: lost(object['lost']) }),
    taken: takens(object['taken'], 'welcome.taken'),
    identity: identifier(object['identity'], 'welcome.identity'),
    heartbeat: {
      intervalMs: positive(heartbeat['intervalMs'], 'welcome.heartbeat.intervalMs'),
      timeoutMs: positive(heartbeat['timeoutMs'], 'welcome.heartbeat.timeoutMs'),
    },
    window: {
      messages: positive(window['messages'], 'welcome.window.messages'),
      bytes: positive(window['bytes'], 'welcome.window.bytes'),
    },
    limits: {
      messageBytes: positive(limits['messageBytes'], 'welcome.limits.messageBytes'),
      producers: positive(limits['producers'], 'welcome.limits.producers'),
      producerTtlMs: positive(limits['producerTtlMs'], 'welcome.limits.producerTtlMs'),
    },
    time: integer(object['time'], 'welcome.time'),
  };
}

function lost(value: unknown): Lost {
  const object = record(value, 'welcome.lost');
  const reason = object['reason'];
  if (reason !== 'unknown-session' && reason !== 'buffer-overflow') {
    throw new Fault(`welcome.lost.reason can't be ${describe(reason)}`);
  }
  return {
    reason,
    from: positive(object['from'], 'welcome.lost.from'),
    to: object['to'] === null ? null : positive(object['to'], 'welcome.lost.to'),
  };
}

function takens(value: unknown, name: string): readonly Taken[] {
  return list(value, name, Number.MAX_SAFE_INTEGER).map((item, index): Taken => {
    if (item === null) return null;
    const entry = list(item, `${name}[${index}]`, 3);
    const refused = list(entry[1], `${name}[${index}][1]`, REFUSALS).map((pair): Refusal => {
      const refusal = list(pair, `${name}[${index}][1]`, 2);
      return [positive(refusal[0], 'refusal[0] (seq)'), wireError(refusal[1], 'refusal[1]')];
    });
    const seq = integer(entry[0], `${name}[${index}][0] (seq)`);
    return entry.length < 3 ? [seq, refused] : [seq, refused, integer(entry[2], `${name}[${index}][2] (doubtUpTo)`)];
  });
}

function wireError(value: unknown, name: string): WireError {
  const object = record(value, name);
  return {
    code: text(object['code'], `${name}.code`, ID_LENGTH),
    message: text(object['message'], `${name}.message`, TEXT_LENGTH),
    ...(object['retryAfterMs'] !== undefined && {
      retryAfterMs: integer(object['retryAfterMs'], `${name}.retryAfterMs`),
    }),
    ...(object['details'] !== undefined && {
      details: record(object['details'], `${name}.details`) as { readonly [key: string]: Json },
    }),
  };
}

function only(array: readonly unknown[], length: number): readonly unknown[] {
  if (array.length !== length) {
    throw new Fault(`a frame ${String(array[0])} has ${length} elements, not ${array.length}`);
  }
  return array;
}

function record(value: unknown, name: string): { readonly [key: string]: unknown } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Fault(`${name} must be an object, not ${describe(value)}`);
  }
  // JSON.parse makes `__proto__` an own property; a copy with no prototype keeps inherited names out of the checks.
  return Object.assign(Object.create(null) as object, value) as { readonly [key: string]: unknown };
}

function list(value: unknown, name: string, most: number): readonly unknown[] {
  if (!Array.isArray(value)) throw new Fault(`${name} must be an array, not ${describe(value)}`);
  if (value.length > most) throw new Fault(`${name} has ${value.length} elements, at most ${most} are allowed`);
  return value;
}

function integer(value: unknown, name: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw new Fault(`${name} must be a whole number from 0, not ${describe(value)}`);
  }
  return value as number;
}

function positive(value: unknown, name: string): number {
  if (integer(value, name) === 0) throw new Fault(`${name} must be at least 1`);
  return value as number;
}

function boolean(value: unknown, name: string): boolean {
  if (typeof value !== 'boolean') throw new Fault(`${name} must be true or false, not ${describe(value)}`);
  return value;
}

function text(value: unknown, name: string, most: number): string {
  if (typeof value !== 'string') throw new Fault(`${name} must be a string, not ${describe(value)}`);
  if (value.length > most) throw new Fault(`${name} has ${value.length} characters, at most ${most} are allowed`);
  return value;
}

function identifier(value: unknown, name: string): string {
  if (text(value, name, ID_LENGTH).length === 0) throw new Fault(`${name} must not be empty`);
  return value as string;
}
