import { TestConnection, type ConnectionClient } from './connection.ts';
import type { Random } from './random.ts';
import type { TestServer } from './server.ts';
import type { Timeline } from './virtual-clock.ts';

/** Which way: `up` to the server, `down` to the page. */
export type Direction = 'up' | 'down' | 'both';

/** The network between the pages and the servers of a world, with its faults. */
export class TestNetwork {
  /** How long a packet takes one way, milliseconds. */
  latencyMs: number;
  /** How much longer it may take, by chance, milliseconds. Packets of a connection never overtake each other. */
  jitterMs: number;
  /** Every connection that was ever tried, in order. */
  readonly connections: TestConnection[] = [];
  readonly clock: Timeline;
  readonly #random: Random;
  readonly #servers = new Map<string, TestServer>();
  #isRefusing = false;
  #isHanging = false;
  #holes = { up: false, down: false };

  constructor(clock: Timeline, random: Random, latencyMs: number, jitterMs: number) {
    this.clock = clock;
    this.#random = random;
    this.latencyMs = latencyMs;
    this.jitterMs = jitterMs;
  }

  /** Resets every connection: both ends hear of it at once, as 1006, and what is on the way is lost. */
  cut(): void {
    for (const connection of this.live) connection.cut();
  }

  /** New connections fail, until `heal()`. Those that there are go on. */
  refuse(): void {
    this.#isRefusing = true;
  }

  /** New connections get no answer, until `heal()`. Those that there are go on. */
  hang(): void {
    this.#isHanging = true;
  }

  /** Connections stay open and nothing arrives any more, until `heal()`: nobody is told. New ones get no answer. */
  blackHole(direction: Direction = 'both'): void {
    if (direction !== 'down') this.#holes.up = true;
    if (direction !== 'up') this.#holes.down = true;
    this.#refresh();
  }

  /** Ends `refuse()`, `hang()` and `blackHole()`: what waited arrives after all, in its order, as TCP repeats it. */
  heal(): void {
    this.#isRefusing = false;
    this.#isHanging = false;
    this.#holes = { up: false, down: false };
    this.#refresh();
  }

  /** Connections that at least one end takes for alive. */
  get live(): readonly TestConnection[] {
    return this.connections.filter(({ isLive }) => isLive);
  }

  // For the other parts of the world.

  connect(client: ConnectionClient, url: string, protocols: readonly string[]): TestConnection {
    const connection = new TestConnection(this, client, url, protocols);
    this.connections.push(connection);
    connection.start();
    return connection;
  }

  listen(url: string, server: TestServer): void {
    const place = placeOf(url);
    if (this.#servers.has(place)) throw new Error(`there is a server at ${place}`);
    this.#servers.set(place, server);
  }

  /** Who takes connections to this URL now. */
  serverAt(url: string): TestServer | null {
    const server = this.#servers.get(placeOf(url));
    return this.#isRefusing || server === undefined || !server.isRunning ? null : server;
  }

  /** Whether a connection that is open, or on its way, has a hole in this direction. */
  hasHole(direction: 'up' | 'down', isConnecting: boolean): boolean {
    return isConnecting ? this.#isHanging || this.#holes.up || this.#holes.down : this.#holes[direction];
  }

  delay(): number {
    return this.latencyMs + (this.jitterMs === 0 ? 0 : this.#random.between(0, this.jitterMs));
  }

  #refresh(): void {
    for (const connection of this.live) connection.refresh();
  }
}

/** A server takes every query of its path. */
function placeOf(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol.replace('http', 'ws')}//${host}${pathname}`;
}
