import { payloadLength, type Bytes } from '../lib/bytes.ts';
import type { Json } from '../lib/errors.ts';
import { aWelcome } from '../testing-fakes/frames.fixture.ts';
import type { Dice } from '../testing-fakes/random.fixture.ts';
import { joinBinary, messageFrame } from './binary.ts';
import {
  encode,
  MOST_DRAIN_MS,
  type ClientFrame,
  type ProducerClaim,
  type ServerFrame,
  type Taken,
  type WireError,
} from './frames.ts';

const words = ['a', 'p-1', '漢', '🐟', '\ud800', 'a\nb', '"', '\\', '\u0000', '__proto__', 'constructor', ' '];
const numbers = [0, 1, 2, 7, 64, 65_536, Number.MAX_SAFE_INTEGER];

/** Lawful frames of both ends, with everything in them that a text or a number can be. */
export class Grammar {
  readonly #dice: Dice;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  client(): ClientFrame {
    const payload = this.#json(3);
    switch (this.#dice.below(10)) {
      case 0:
        return { kind: 'hello', hello: this.#hello() };
      case 1:
        return { kind: 'producers', producers: this.#claims() };
      case 2:
      case 3:
        return {
          kind: 'm',
          producer: this.#number(),
          seq: this.#positive(),
          payload,
          bytes: payloadLength(JSON.stringify(payload)),
        };
      case 4:
        return { kind: 's', producer: this.#number(), seq: this.#positive() };
      case 5:
        return { kind: 'a', offset: this.#number() };
      case 6:
        return { kind: 'fin', id: this.#id() };
      case 7:
        return { kind: 'auth', token: this.#text() };
      default:
        return this.#common();
    }
  }

  server(): ServerFrame {
    const dice = this.#dice;
    switch (dice.below(9)) {
      case 0:
        return {
          kind: 'welcome',
          welcome: aWelcome({
            session: this.#id(),
            offset: this.#number(),
            resumed: dice.chance(0.5),
            taken: this.#taken(),
            ...(dice.chance(0.3) && {
              lost: {
                reason: 'unknown-session',
                from: this.#positive(),
                to: dice.chance(0.5) ? null : this.#positive(),
              },
            }),
          }),
        };
      case 1:
        return { kind: 'taken', taken: this.#taken() };
      case 2:
        return { kind: 'm', offset: this.#positive(), payload: this.#json(3) };
      case 3:
        return { kind: 'a', producer: this.#number(), seq: this.#positive() };
      case 4:
        return { kind: 'r', producer: this.#number(), seq: this.#positive(), error: this.#error() };
      case 5:
      case 6:
        return { kind: dice.pick(['drain', 'reauth']), withinMs: dice.pick([0, 1, 30_000, MOST_DRAIN_MS]) };
      default:
        return this.#common();
    }
  }

  /** A message of bytes. */
  clientBytes(): Extract<ClientFrame, { kind: 'm' }> {
    const payload = this.#bytes();
    return { kind: 'm', producer: this.#number(), seq: this.#positive(), payload, bytes: payload.length };
  }

  serverBytes(): Extract<ServerFrame, { kind: 'm' }> {
    return { kind: 'm', offset: this.#positive(), payload: this.#bytes() };
  }

  #bytes(): Bytes {
    const length = this.#dice.pick([0, 1, 2, 7, 127, 128, 300]);
    return Uint8Array.from({ length }, () => this.#dice.pick([0, 1, 10, 34, 127, 128, 255]));
  }

  #common(): ClientFrame & ServerFrame {
    if (this.#dice.chance(0.4)) return { kind: 'error', error: this.#error() };
    return { kind: this.#dice.pick(['p', 'q'] as const), n: this.#number() };
  }

  #hello(): Extract<ClientFrame, { kind: 'hello' }>['hello'] {
    const dice = this.#dice;
    return {
      v: this.#number(),
      client: this.#id(),
      n: this.#positive(),
      producers: this.#claims(),
      ...(dice.chance(0.5) && { session: this.#id(), key: this.#id(), epoch: this.#id(), received: this.#number() }),
      ...(dice.chance(0.5) && { auth: this.#text() }),
    };
  }

  #claims(): ProducerClaim[] {
    return Array.from({ length: this.#dice.below(5) }, (_, index) => {
      const first = 1 + this.#dice.below(50);
      const next = first + this.#dice.below(50);
      return [`${index}-${this.#id()}`, first, next, this.#dice.below(next)];
    });
  }

  #taken(): Taken[] {
    return Array.from({ length: this.#dice.below(4) }, (): Taken =>
      this.#dice.chance(0.2)
        ? null
        : [
            this.#number(),
            Array.from({ length: this.#dice.below(3) }, () => [this.#positive(), this.#error()] as const),
          ],
    );
  }

  #error(): WireError {
    return {
      code: this.#id(),
      message: this.#text(),
      ...(this.#dice.chance(0.5) && { retryAfterMs: this.#number() }),
      ...(this.#dice.chance(0.5) && { details: { [this.#dice.pick(['a', 'b', ' '])]: this.#json(2) } }),
    };
  }

  #json(depth: number): Json {
    const dice = this.#dice;
    switch (dice.below(depth > 0 ? 7 : 5)) {
      case 0:
        return null;
      case 1:
        return dice.chance(0.5);
      case 2:
        return dice.pick([...numbers, -1, 0.1, 1e300]);
      case 3:
      case 4:
        return this.#text();
      case 5:
        return Array.from({ length: dice.below(4) }, () => this.#json(depth - 1));
      default:
        return Object.fromEntries(
          Array.from({ length: dice.below(4) }, () => [dice.pick(words), this.#json(depth - 1)]),
        );
    }
  }

  #id(): string {
    return Array.from({ length: 1 + this.#dice.below(6) }, () => this.#dice.pick(words))
      .join('')
      .slice(0, 60);
  }

  #text(): string {
    return Array.from({ length: this.#dice.below(8) }, () => this.#dice.pick(words)).join('');
  }

  #number(): number {
    return this.#dice.pick(numbers);
  }

  #positive(): number {
    return this.#dice.pick(numbers.slice(1));
  }
}

export function encodeClient(frame: ClientFrame): string {
  switch (frame.kind) {
    case 'hello':
      return encode.hello(frame.hello);
    case 'producers':
      return encode.producers(frame.producers);
    case 'm':
      return encode.message(frame.producer, frame.seq, JSON.stringify(frame.payload));
    case 's':
      return encode.skip(frame.producer, frame.seq);
    case 'a':
      return encode.received(frame.offset);
    case 'fin':
      return encode.fin(frame.id);
    case 'auth':
      return encode.auth(frame.token);
    default:
      return encodeCommon(frame);
  }
}

export function encodeServer(frame: ServerFrame): string {
  switch (frame.kind) {
    case 'welcome':
      return encode.welcome(frame.welcome);
    case 'taken':
      return encode.taken(frame.taken);
    case 'm':
      return encode.serverMessage(frame.offset, JSON.stringify(frame.payload));
    case 'a':
      return encode.acknowledge(frame.producer, frame.seq);
    case 'r':
      return encode.refuse(frame.producer, frame.seq, frame.error);
    case 'drain':
    case 'reauth':
      return encode[frame.kind](frame.withinMs);
    default:
      return encodeCommon(frame);
  }
}

/** Messages of bytes as one WebSocket message. */
export function encodeBytes(frames: readonly Extract<ClientFrame | ServerFrame, { kind: 'm' }>[]): Bytes {
  return joinBinary(
    frames.map((frame) => {
      const numbers = 'offset' in frame ? [frame.offset] : [frame.producer, frame.seq];
      const encoded = messageFrame(frame.payload as Bytes, ...numbers);
      if (typeof encoded === 'string') throw new Error('bytes became text');
      return encoded;
    }),
  );
}

function encodeCommon(frame: Extract<ClientFrame, { kind: 'p' | 'q' | 'error' }>): string {
  if (frame.kind === 'error') return encode.error(frame.error);
  return frame.kind === 'p' ? encode.ping(frame.n) : encode.pong(frame.n);
}
