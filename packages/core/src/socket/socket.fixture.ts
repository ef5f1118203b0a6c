import type { Json } from '../lib/errors.ts';
import type { Hello, Welcome } from '../protocol/frames.ts';
import { FakeEnvironment, type FakeEnvironmentOptions } from '../testing-fakes/fake-environment.fixture.ts';
import type { FakeWebSocket } from '../testing-fakes/fake-web-socket.fixture.ts';
import { aWelcome, nothingTaken } from '../testing-fakes/frames.fixture.ts';
import { createSocket } from './create-socket.ts';
import { holdfast } from './protocols.ts';
import type { EventRecord, Socket, SocketEvents, SocketOptions } from './types.ts';

/** A socket in a fake world, and the script of its server. */
export class World {
  readonly environment: FakeEnvironment;
  readonly socket: Socket;
  /** Every event that the app was told of, in order; `message` with its payload. */
  readonly told: (readonly [type: string, event: unknown])[] = [];
  readonly records: EventRecord[] = [];
  readonly #answered = new WeakMap<FakeWebSocket, unknown>();

  constructor(options: Partial<SocketOptions> = {}, outside: FakeEnvironmentOptions | FakeEnvironment = {}) {
    this.environment = outside instanceof FakeEnvironment ? outside : new FakeEnvironment(outside);
    this.socket = createSocket({
      url: 'wss://server.example/socket',
      protocol: holdfast(),
      environment: this.environment,
      onEvent: (record) => this.records.push(record),
      ...options,
    });
    const types: (keyof SocketEvents<Json>)[] = ['open', 'message', 'close', 'gap', 'drop', 'error', 'closed', 'state'];
    for (const type of types) this.socket.on(type, (event) => this.told.push([type, event]));
  }

  /** The newest WebSocket. */
  get wire(): FakeWebSocket {
    return this.environment.socket;
  }

  events(type: keyof SocketEvents<Json>): unknown[] {
    return this.told.flatMap(([name, event]) => (name === type ? [event] : []));
  }

  get phases(): string[] {
    return (this.events('state') as { phase: string }[]).map(({ phase }) => phase);
  }

  get errors(): string[] {
    return (this.events('error') as { code: string }[]).map(({ code }) => code);
  }

  /** The handshake succeeds. */
  async accept(): Promise<this> {
    await this.environment.settle();
    this.wire.open();
    await this.environment.settle();
    // One beside an open connection has to live for a moment before anything is said on it.
    if (this.wire.protocols.includes('holdfast.v1') && this.hello === undefined) await this.environment.advance(100);
    return this;
  }

  get hello(): Hello {
    return this.wire.framesOf('hello')[0]?.[1] as Hello;
  }

  /** The handshake and the welcome. */
  async welcome(changes: Partial<Welcome> = {}): Promise<this> {
    await this.accept();
    this.wire.receive(['welcome', aWelcome({ taken: nothingTaken(this.hello), ...changes })]);
    await this.environment.settle();
    return this;
  }

  async settle(): Promise<this> {
    await this.environment.settle();
    return this;
  }

  /** The server answers the newest ping on the newest wire, once. */
  pong(wire: FakeWebSocket = this.wire): void {
    const ping = wire.framesOf('p').at(-1)?.[1];
    if (ping === undefined || this.#answered.get(wire) === ping) return;
    this.#answered.set(wire, ping);
    wire.receive(['q', ping]);
  }

  /** Open, with a measured round trip, and for long enough to count as stable. */
  async stable(changes: Partial<Welcome> = {}): Promise<this> {
    await this.welcome(changes);
    this.pong();
    return this.alive(6_000);
  }

  /** Lets time pass while the server answers every ping on the newest wire at once. */
  async alive(ms: number): Promise<this> {
    const end = this.environment.now() + ms;
    await this.settle();
    this.pong();
    for (let leftMs = ms; leftMs > 0; leftMs = end - this.environment.now()) {
      await this.environment.advance(Math.min(leftMs, this.environment.nextTimerMs ?? leftMs));
      this.pong();
    }
    return this;
  }

  /** Messages on the newest wire: their payloads. */
  get sent(): unknown[] {
    return this.wire.framesOf('m').map((frame) => frame[3]);
  }
}

/** An open conversation with three messages up and two down, of which the server has confirmed one. */
export async function inTheMiddle(): Promise<World> {
  const world = await new World().stable();
  for (const data of ['a', 'b', 'c']) world.socket.send(data);
  await world.settle();
  world.wire.receive(['a', 0, 1], ['m', 1, 1], ['m', 2, 2]);
  await world.environment.advance(25);
  return world;
}

/** What a closed socket may leave behind: nothing. */
export const NOTHING = { timers: 0, frames: 0, observed: false, locks: [], sockets: 0, listeners: 0 };

export function leftBehind({ environment }: World): typeof NOTHING {
  return {
    timers: environment.timers,
    frames: environment.frames,
    observed: environment.isObserved,
    locks: [
      ...(environment.origin?.heldBy(environment.tab) ?? []),
      ...(environment.origin?.waitingOf(environment.tab) ?? []),
    ] as never[],
    sockets: environment.liveSockets.length,
    listeners: environment.sockets.filter(({ isDeaf }) => !isDeaf).length,
  };
}

/** What became of a promise by now. */
export function outcomeOf(promise: Promise<unknown>): {
  state: 'pending' | 'resolved' | 'rejected';
  code: string | null;
} {
  const outcome: { state: 'pending' | 'resolved' | 'rejected'; code: string | null } = { state: 'pending', code: null };
  promise.then(
    () => {
      outcome.state = 'resolved';
    },
    (error: unknown) => {
      outcome.state = 'rejected';
      outcome.code = (error as { code?: string }).code ?? String(error);
    },
  );
  return outcome;
}

/** Rejections that nobody handled while `run` ran: a library must not end the app's process. */
export async function unhandledRejections(run: () => Promise<void>): Promise<unknown[]> {
  const unhandled: unknown[] = [];
  const listener = (reason: unknown): void => void unhandled.push(reason);
  // The runner's own listeners would fail the run with what is to be counted here.
  const others = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', listener);
  try {
    await run();
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.removeAllListeners('unhandledRejection');
    for (const other of others) process.on('unhandledRejection', other);
  }
  return unhandled;
}
