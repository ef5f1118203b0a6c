import { describe, expect, it } from 'vitest';
import type { Json } from '../lib/errors.ts';
import { utf8Length } from '../lib/utf8.ts';
import { aWelcome } from '../testing-fakes/frames.fixture.ts';
import { Dice } from '../testing-fakes/random.fixture.ts';
import { decodeClientMessage, decodeServerMessage } from './decode.ts';
import {
  encode,
  type ClientFrame,
  type ProducerClaim,
  type ServerFrame,
  type Taken,
  type WireError,
} from './frames.ts';

const limits = { messageBytes: 100_000, producers: 20 };
const words = ['a', 'p-1', '漢', '🐟', '\ud800', 'a\nb', '"', '\\', '\u0000', '__proto__', 'constructor', ' '];
const numbers = [0, 1, 2, 7, 64, 65_536, Number.MAX_SAFE_INTEGER];

/** Lawful frames of both ends, with everything in them that a text or a number can be. */
class Grammar {
  readonly #dice: Dice;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  client(): ClientFrame {
    const payload = this.#json(3);
    switch (this.#dice.below(9)) {
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
          bytes: utf8Length(JSON.stringify(payload)),
        };
      case 4:
        return { kind: 's', producer: this.#number(), seq: this.#positive() };
      case 5:
        return { kind: 'a', offset: this.#number() };
      case 6:
        return { kind: 'fin', id: this.#id() };
      default:
        return this.#common();
    }
  }

  server(): ServerFrame {
    const dice = this.#dice;
    switch (dice.below(7)) {
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
      default:
        return this.#common();
    }
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
    return Array.from({ length: this.#dice.below(4) }, () =>
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

function encodeClient(frame: ClientFrame): string {
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
    default:
      return encodeCommon(frame);
  }
}

function encodeServer(frame: ServerFrame): string {
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
    default:
      return encodeCommon(frame);
  }
}

function encodeCommon(frame: Extract<ClientFrame, { kind: 'p' | 'q' | 'error' }>): string {
  if (frame.kind === 'error') return encode.error(frame.error);
  return frame.kind === 'p' ? encode.ping(frame.n) : encode.pong(frame.n);
}

const strange = [
  'null',
  'true',
  '-1',
  '-0',
  '0.5',
  '1e400',
  '9007199254740993',
  '1e15',
  'NaN',
  'undefined',
  '""',
  '"x"',
  '"\\ud800"',
  '[]',
  '{}',
  '[[]]',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"length":4,"0":"m"}',
  '['.repeat(10_000) + ']'.repeat(10_000),
  '{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000),
  '[',
  ']',
  '"',
  '\n',
  '\r',
  '\ud800',
  '\u2028',
  '\u0000',
  `"${'x'.repeat(70)}"`,
  `"${'x'.repeat(20_000)}"`,
];

/** Breaks a message at one place: as text, or as the list that a frame is. */
function mutate(text: string, dice: Dice): string {
  const at = dice.below(text.length + 1);
  const end = Math.min(text.length, at + dice.below(8));
  switch (dice.below(6)) {
    case 0:
      return text.slice(0, at) + text.slice(end);
    case 1:
      return text.slice(0, end) + text.slice(at);
    case 2:
      return text.slice(0, at) + dice.pick(strange) + text.slice(end);
    default:
      return text
        .split('\n')
        .map((line) => mutateFrame(line, dice))
        .join('\n');
  }
}

function mutateFrame(line: string, dice: Dice): string {
  const parts = (JSON.parse(line) as unknown[]).map((part) => JSON.stringify(part));
  const place = dice.below(parts.length);
  switch (dice.below(4)) {
    case 0:
      parts.splice(place, 1);
      break;
    case 1:
      parts.splice(place, 0, parts[place] as string);
      break;
    case 2:
      parts[place] = dice.pick(strange);
      break;
    default:
      parts[place] = replaceWithin(parts[place] as string, dice);
  }
  return `[${parts.join(',')}]`;
}

/** Replaces one member somewhere inside. */
function replaceWithin(json: string, dice: Dice): string {
  const value = JSON.parse(json) as unknown;
  if (typeof value !== 'object' || value === null) return dice.pick(strange);
  const keys = Object.keys(value);
  if (keys.length === 0) return dice.pick(strange);
  const chosen = dice.pick(keys);
  const members = Object.entries(value).map(([key, member]) => {
    const text = key === chosen ? replaceWithin(JSON.stringify(member), dice) : JSON.stringify(member);
    return Array.isArray(value) ? text : `${JSON.stringify(key)}:${text}`;
  });
  return Array.isArray(value) ? `[${members.join(',')}]` : `{${members.join(',')}}`;
}

describe('decoding', () => {
  it.each([1, 2, 3])('gives back every lawful message as it was encoded (seed %i)', (seed) => {
    const dice = new Dice(seed);
    const grammar = new Grammar(dice);
    for (let round = 0; round < 2_000; round += 1) {
      const up = Array.from({ length: 1 + dice.below(3) }, () => grammar.client());
      expect(decodeClientMessage(up.map(encodeClient).join('\n'), limits)).toEqual({ ok: true, frames: up });
      const down = Array.from({ length: 1 + dice.below(3) }, () => grammar.server());
      expect(decodeServerMessage(down.map(encodeServer).join('\n'))).toEqual({ ok: true, frames: down });
    }
  });

  it.each([11, 12, 13, 14])('takes a broken message or tells its fault, and never throws (seed %i)', (seed) => {
    const dice = new Dice(seed);
    const grammar = new Grammar(dice);
    const verdicts = { taken: 0, refused: 0 };
    for (let round = 0; round < 2_500; round += 1) {
      const isUp = dice.chance(0.5);
      const whole = Array.from({ length: 1 + dice.below(2) }, () =>
        isUp ? encodeClient(grammar.client()) : encodeServer(grammar.server()),
      ).join('\n');
      const text = mutate(whole, dice);
      const decoded = isUp ? decodeClientMessage(text, limits) : decodeServerMessage(text);
      if (decoded.ok) {
        verdicts.taken += 1;
        // What was taken is lawful: encoded again, it is taken again. (Encoding, unlike decoding, is recursive.)
        if (text.length > 15_000) continue;
        const again = isUp
          ? decodeClientMessage((decoded.frames as ClientFrame[]).map(encodeClient).join('\n'), limits)
          : decodeServerMessage((decoded.frames as ServerFrame[]).map(encodeServer).join('\n'));
        expect(again.ok, text.slice(0, 200)).toBe(true);
        for (const frame of decoded.frames) {
          if (frame.kind === 'm' && 'bytes' in frame) expect(frame.bytes).toBeGreaterThan(0);
        }
      } else {
        verdicts.refused += 1;
        expect([1002, 1003, 1009]).toContain(decoded.fault.closeCode);
        expect(decoded.fault.message.length).toBeLessThanOrEqual(1_024);
      }
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    // The mutations neither spare everything nor break everything: else this would test nothing.
    expect(verdicts.taken).toBeGreaterThan(200);
    expect(verdicts.refused).toBeGreaterThan(500);
  });
});
