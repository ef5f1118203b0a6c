import { connect, type Socket } from 'node:net';
import { Direction } from './direction.ts';

/** What is wrong with the wire at the moment. */
export interface WireFaults {
  readonly frozen: boolean;
  readonly refusing: boolean;
  readonly delayMs: number;
}

export interface ProxyOptions {
  /** The port to forward to; null while nobody listens there. */
  readonly targetPort: () => number | null;
  readonly host: string;
}

interface Pair {
  /** Resets both sides at once, as a router that loses its table does. */
  readonly reset: () => void;
  readonly pump: () => void;
  /** Swallows everything from now on and tells nobody. */
  readonly strand: () => void;
  readonly isStranded: () => boolean;
}

/**
 * Forwards TCP connections and does to them what networks do. It knows nothing of WebSockets: a fault may fall into the
 * middle of a frame or of the handshake.
 */
export class Proxy {
  readonly #options: ProxyOptions;
  readonly #pairs = new Set<Pair>();
  #faults: WireFaults = { frozen: false, refusing: false, delayMs: 0 };

  constructor(options: ProxyOptions) {
    this.#options = options;
  }

  get faults(): WireFaults {
    return this.#faults;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  /** Connections that lead nowhere, and whose ends have not noticed. */
  get stranded(): number {
    return [...this.#pairs].filter((pair) => pair.isStranded()).length;
  }

  /** Takes over a connection whose first bytes, `head`, have been read already. */
  accept(client: Socket, head: Buffer): void {
    if (this.#faults.refusing) {
      client.on('error', ignore);
      client.resetAndDestroy();
      return;
    }
    client.setNoDelay(true);
    const faults = (): WireFaults => this.#faults;
    const up = new Direction(client, faults);
    const down = new Direction(null, faults);
    let server: Socket | null = null;
    let isStranded = false;

    const dial = (): void => {
      const port = this.#options.targetPort();
      if (port === null) {
        pair.reset();
        return;
      }
      server = connect({ port, host: this.#options.host, allowHalfOpen: true, noDelay: true });
      server.on('error', ignore);
      server.on('close', forget);
      up.deliverTo(server);
      down.readFrom(server);
    };
    const forget = (): void => {
      // Through a path that is gone nobody hears of the end. When the page has given up, nobody is left to be surprised.
      if (isStranded) return client.closed ? pair.reset() : undefined;
      // The other side hears of the end through its direction, after all that is still on the way.
      if (client.closed && (server === null || server.closed)) this.#pairs.delete(pair);
    };
    const pair: Pair = {
      reset: () => {
        this.#pairs.delete(pair);
        up.stop();
        down.stop();
        client.resetAndDestroy();
        server?.resetAndDestroy();
      },
      strand: () => {
        isStranded = true;
        client.on('end', () => pair.reset());
        up.stop();
        down.stop();
      },
      isStranded: () => isStranded,
      pump: () => {
        // A connection that came while the wire was frozen reaches the server only now.
        if (server === null && !this.#faults.frozen && !isStranded) dial();
        up.pump();
        down.pump();
      },
    };

    client.on('error', ignore);
    client.on('close', forget);
    this.#pairs.add(pair);
    up.push(head);
    down.deliverTo(client);
    pair.pump();
  }

  /** Resets every connection. */
  cut(): void {
    for (const pair of [...this.#pairs]) pair.reset();
  }

  /**
   * Takes the path away under every connection, as a phone's change of network does: all of them stay open, what they
   * carry is swallowed, and neither side is told. New connections take the new path.
   */
  strand(): void {
    for (const pair of [...this.#pairs]) pair.strand();
  }

  /** Lets nothing through, both ways, while every connection stays open; new ones hang. */
  freeze(): void {
    this.#faults = { ...this.#faults, frozen: true };
  }

  /** Lets go what was held, in order. */
  thaw(): void {
    this.#faults = { ...this.#faults, frozen: false };
    for (const pair of [...this.#pairs]) pair.pump();
  }

  /** Holds everything back for this long, both ways, in order. */
  delay(delayMs: number): void {
    this.#faults = { ...this.#faults, delayMs };
  }

  /** Resets new connections; those that live go on. */
  refuse(refusing: boolean): void {
    this.#faults = { ...this.#faults, refusing };
  }
}

// A reset shows up as an error and then as a close; the close is what counts.
const ignore = (): void => {};
