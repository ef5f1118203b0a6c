import { ERROR_CODES } from '../packages/core/src/lib/errors.ts';
import { encode, type Taken } from '../packages/core/src/protocol.ts';
import { encodeBytes, encodeServer, Grammar } from '../packages/core/src/protocol/grammar.fixture.ts';
import { mutate } from '../packages/core/src/protocol/mutate.fixture.ts';
import { leftBehind, NOTHING, World } from '../packages/core/src/socket/socket.fixture.ts';
import { aWelcome, nothingTaken } from '../packages/core/src/testing-fakes/frames.fixture.ts';
import type { Dice } from '../packages/core/src/testing-fakes/random.fixture.ts';

/** A server with its own idea of where it stands: most of what it says is lawful, so that the rest gets far. */
class Answerer {
  readonly #dice: Dice;
  readonly #grammar: Grammar;
  #offset = 0;
  #answered = 0;
  #listed = 0;

  constructor(dice: Dice, grammar: Grammar) {
    this.#dice = dice;
    this.#grammar = grammar;
  }

  welcome(world: World): string {
    const { hello } = world;
    this.#offset = this.#dice.chance(0.8) ? (hello.received ?? 0) : this.#dice.below(9);
    this.#answered = hello.producers.length;
    this.#listed = this.#answered;
    const taken: readonly Taken[] = nothingTaken(hello).map((none, index) => {
      const [, first, next] = hello.producers[index] ?? ['', 1, 1, 0];
      return this.#dice.chance(0.8) ? none : [Math.max(0, Math.min(next - 1, first - 1 + this.#dice.below(3))), []];
    });
    return encode.welcome(aWelcome({ taken, resumed: this.#dice.chance(0.7), offset: this.#offset }));
  }

  says(world: World): string | ArrayBuffer {
    const dice = this.#dice;
    if (dice.chance(0.1)) return this.#bytes();
    const frame = dice.chance(0.85) ? this.#lawful(world) : encodeServer(this.#grammar.server());
    return dice.chance(0.05) ? mutate(frame, dice) : frame;
  }

  /** A message of bytes, whole or with one byte changed. */
  #bytes(): ArrayBuffer {
    const dice = this.#dice;
    this.#offset += 1;
    const payload = Uint8Array.from({ length: dice.below(40) }, () => dice.below(256));
    const message = encodeBytes([{ kind: 'm', offset: this.#offset, payload }]);
    if (dice.chance(0.1)) message[dice.below(message.length)] = dice.below(256);
    return message.slice().buffer;
  }

  #lawful(world: World): string {
    const dice = this.#dice;
    switch (dice.below(12)) {
      case 0:
        return encode.ping(dice.below(9));
      case 1:
        return encode.pong(Number(world.wire.framesOf('p').at(-1)?.[1] ?? 0));
      case 2:
        return encode.drain(dice.below(60_000));
      case 3:
        return encode.reauth(dice.below(60_000));
      case 4:
        return encode.error({ code: 'BUSY', message: 'm', retryAfterMs: dice.below(2_000) });
      case 5: {
        const asked = world.wire.framesOf('producers').flatMap((frame) => frame[1] as unknown[]).length;
        const all = this.#listed + asked;
        const taken = Array.from({ length: Math.max(0, all - this.#answered) }, (): Taken => null);
        this.#answered = all;
        return encode.taken(taken);
      }
      case 6:
      case 7: {
        const sent = world.wire.framesOf('m').at(-1);
        if (sent === undefined) return encode.ping(1);
        const [, producer, seq] = sent as [string, number, number];
        return dice.chance(0.7)
          ? encode.acknowledge(producer, seq)
          : encode.refuse(producer, seq, { code: 'NO', message: 'no' });
      }
      default:
        this.#offset += 1;
        return encode.serverMessage(this.#offset, JSON.stringify({ k: this.#offset }));
    }
  }
}

/** Feeds a client with about `frames` frames. @throws Error for what must never happen. */
export async function fuzzClient(dice: Dice, frames: number): Promise<{ readonly codes: Map<string, number> }> {
  const grammar = new Grammar(dice);
  const codes = new Map<string, number>();
  const world = new World({ auth: () => 'token', reconnect: { coolDownMs: 1_000 } });
  for (let said = 0; said < frames;) {
    await world.settle();
    if (world.socket.getState().phase === 'suspended') world.socket.connect();
    if (world.socket.getState().phase === 'waiting') await world.environment.advance(20_000);
    await world.accept();
    const answerer = new Answerer(dice, grammar);
    const { wire } = world;
    if (world.hello !== undefined && dice.chance(0.95)) wire.receiveRaw(answerer.welcome(world));
    // Over the life of one connection, and of the one that it moves to.
    for (let left = 1 + dice.below(200); left > 0 && !wire.isDetached && !wire.isDeaf; left -= 1) {
      wire.receiveRaw(dice.chance(0.01) ? new ArrayBuffer(dice.below(9)) : answerer.says(world));
      said += 1;
      if (dice.chance(0.2)) observe(world.socket.send(dice.below(100)).delivered);
      if (dice.chance(0.3)) await world.settle();
      if (dice.chance(0.02)) await world.environment.advance(dice.below(300));
    }
    said += 1;
    if (!wire.isDetached) wire.closeBy(dice.pick([1006, 1001, 1012, 4401, 4403, 1000]), 'retry-after-ms=5');
    await world.settle();
    check(world, codes);
  }
  await world.socket.close();
  const left = leftBehind(world);
  if (JSON.stringify(left) !== JSON.stringify(NOTHING)) throw new Error(`left behind: ${JSON.stringify(left)}`);
  return { codes };
}

function check(world: World, codes: Map<string, number>): void {
  const { environment, records, socket } = world;
  const seen = [...records.map(({ code }) => code), socket.getState().error?.code];
  for (const code of seen) {
    if (code === undefined) continue;
    if (!Object.hasOwn(ERROR_CODES, code)) throw new Error(`an error without a type: ${code}`);
    if (code === 'LISTENER_FAILED') throw new Error('a listener failed');
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  const { queued, inFlight } = socket.getStats();
  const isBounded = environment.timers < 50 && environment.liveSockets.length < 5 && queued + inFlight <= 10_000;
  if (!isBounded) throw new Error(`grown: ${environment.timers} timers, ${queued} queued, ${inFlight} in flight`);
  records.length = 0;
  world.told.length = 0;
  // The fake outside remembers every socket: those that are deaf for ever are of no interest.
  const { sockets } = environment;
  for (let index = sockets.length - 2; index >= 0; index -= 1) if (sockets[index]?.isDeaf) sockets.splice(index, 1);
}

function observe(promise: Promise<unknown>): void {
  promise.catch(() => {});
}
