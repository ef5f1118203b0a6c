import { encode, type ProducerClaim } from '../packages/core/src/protocol.ts';
import { encodeBytes, encodeClient, Grammar } from '../packages/core/src/protocol/grammar.fixture.ts';
import { mutate } from '../packages/core/src/protocol/mutate.fixture.ts';
import type { Dice } from '../packages/core/src/testing-fakes/random.fixture.ts';
import { World, type ScriptedConnection } from '../packages/server/src/session/engine.fixture.ts';
import { Forbidden, Refuse, Unauthorized } from '../packages/server/src/session/errors.ts';

/** What the engine may say to a client that says anything. */
const CLOSE_CODES: readonly number[] = [1002, 1003, 1008, 1009, 1013, 4401, 4403, 4408, 4409, 4429];
/** The world of one round: small bounds, so that they are reached. */
const LIMITS = {
  messageBytes: 50_000,
  sessions: 30,
  sessionsPerIdentity: 20,
  producers: 8,
  producersPerIdentity: 20,
  producersTotal: 40,
  handlerRetries: 1,
  connectsPerMinute: { perClient: 100_000, perAddress: 100_000 },
};

/** One connection with its own idea of where it stands: most of what it says is lawful, so that the rest gets far. */
class Speaker {
  readonly connection: ScriptedConnection;
  readonly #dice: Dice;
  readonly #grammar: Grammar;
  readonly #next: number[];

  constructor(world: World, dice: Dice, grammar: Grammar, former: Speaker | null, n: number) {
    this.connection = world.connect();
    this.#dice = dice;
    this.#grammar = grammar;
    const ids = [1, 2, 3].map(() => `p${dice.below(30)}`);
    const producers = [...new Set(ids)].map((id): ProducerClaim => [id, 1, 1 + dice.below(3), 0]);
    this.#next = producers.map(() => 1);
    const welcomed = former?.connection.ofKind('welcome').length === 1 ? former : null;
    if (dice.chance(0.05)) return;
    this.connection.hello({
      client: `client ${dice.below(3)}`,
      auth: dice.pick(['ann', 'ann', 'bob', 'short', 'forbidden', 'unknown']),
      n: dice.chance(0.9) ? n : dice.below(n) + 1,
      producers,
      ...(welcomed !== null && dice.chance(0.6) && welcomed.connection.resumption(dice.below(5))),
    });
  }

  /** The server has answered: where its producers go on. */
  learn(): void {
    const [frame] = this.connection.ofKind('welcome');
    for (const [index, taken] of (frame?.welcome.taken ?? []).entries()) {
      if (this.#next[index] === 1) this.#next[index] = (taken?.[0] ?? 0) + 1;
    }
  }

  said(): string | Uint8Array {
    const dice = this.#dice;
    if (dice.chance(0.1)) return this.#bytes();
    const frame = dice.chance(0.75) ? this.#lawful() : encodeClient(this.#grammar.client());
    return dice.chance(0.08) ? mutate(frame, dice) : frame;
  }

  /** A message of bytes, whole or with one byte changed, or cut off. */
  #bytes(): Uint8Array {
    const dice = this.#dice;
    const producer = dice.below(this.#next.length);
    const seq = this.#next[producer] ?? 1;
    this.#next[producer] = seq + 1;
    const payload = Uint8Array.from({ length: dice.below(40) }, () => dice.below(256));
    const message = encodeBytes([{ kind: 'm', producer, seq, payload, bytes: payload.length }]);
    if (dice.chance(0.2)) message[dice.below(message.length)] = dice.below(256);
    return dice.chance(0.1) ? message.slice(0, dice.below(message.length)) : message;
  }

  #lawful(): string {
    const dice = this.#dice;
    switch (dice.below(12)) {
      case 0:
        return encode.ping(dice.below(9));
      case 1:
        return encode.pong(dice.below(9));
      case 2:
        return encode.received(dice.below(4));
      case 3:
        return encode.fin(`p${dice.below(30)}`);
      case 4:
        return encode.auth(dice.pick(['ann', 'ann', 'bob', 'short', 'broken']));
      case 5:
        return encode.producers([[`p${dice.below(30)}`, 1, 1, 0]]);
      default: {
        const index = dice.below(this.#next.length);
        const seq = this.#next[index] ?? 1;
        const skips = dice.chance(0.1);
        this.#next[index] = seq + 1;
        return skips ? encode.skip(index, seq) : encode.message(index, seq, JSON.stringify(dice.below(100)));
      }
    }
  }
}

/** Feeds an engine with about `frames` frames. @throws Error for what must never happen. */
export async function fuzzServer(dice: Dice, frames: number): Promise<{ readonly closes: Map<number, number> }> {
  const grammar = new Grammar(dice);
  const closes = new Map<number, number>();
  const world: World = new World({
    limits: LIMITS,
    heartbeat: { intervalMs: 1e9, timeoutMs: 1e9 },
    authenticate: ({ token }) => {
      if (token === 'forbidden') throw new Forbidden('no');
      if (token === 'broken') throw new Error('no');
      if (token === undefined || token === 'unknown') throw new Unauthorized('no');
      return token === 'short'
        ? { identity: 'ann', expiresAt: world.environment.wallClock() + 500 }
        : { identity: token, expiresAt: world.environment.wallClock() + 100_000 };
    },
    onMessage: ({ data }) => {
      if (data === 7) throw new Refuse('no');
      if (data === 8) throw new Error('no');
      return data === 9 ? new Promise((resolve) => void world.environment.setTimer(50, resolve)) : undefined;
    },
  });
  let speakers: Speaker[] = [];
  let last: Speaker | null = null;
  let n = 0;
  for (let said = 0; said < frames;) {
    while (speakers.length < 3) {
      n += 1;
      last = new Speaker(world, dice, grammar, dice.chance(0.7) ? last : null, n);
      speakers.push(last);
      said += 1;
    }
    await world.advance(dice.pick([0, 0, 0, 20, 200]));
    for (const speaker of speakers) {
      speaker.learn();
      for (let left = 1 + dice.below(30); left > 0 && speaker.connection.closedWith === null; left -= 1) {
        speaker.connection.raw(dice.chance(0.01) ? new Uint8Array([dice.below(256)]) : speaker.said());
        said += 1;
      }
    }
    for (const session of world.engine.sessions.values()) if (dice.chance(0.2)) session.send({ said });
    await world.settle();
    speakers = speakers.filter(({ connection }) => {
      const code = connection.closedWith?.code;
      if (code === undefined && !dice.chance(0.05)) return true;
      if (code !== undefined) closes.set(code, (closes.get(code) ?? 0) + 1);
      connection.drop();
      return false;
    });
    check(world, closes, speakers.length);
  }
  for (const { connection } of speakers) connection.drop();
  void world.engine.close(0);
  await world.advance(200_000);
  if (world.timers > 0 || world.engine.sessions.size > 0) throw new Error(`${world.timers} timers are left behind`);
  return { closes };
}

function check(world: World, closes: ReadonlyMap<number, number>, speakers: number): void {
  const { connections, sessions, handlers } = world.engine.metrics();
  const isBounded = connections <= speakers && sessions <= LIMITS.sessions && handlers <= 200 && world.timers < 500;
  if (!isBounded)
    throw new Error(`grown: ${JSON.stringify({ connections, sessions, handlers, timers: world.timers })}`);
  const failed = world.records.find(({ name }) => name === 'engine.failed');
  if (failed !== undefined) throw new Error('the engine failed', { cause: failed.cause });
  for (const code of closes.keys()) {
    if (!CLOSE_CODES.includes(code)) throw new Error(`the engine closed with ${code}`);
  }
  world.records.length = 0;
  world.runs.length = 0;
  world.sessions.length = 0;
  world.waits.length = 0;
}
