import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Direction } from '../demo/server/direction.ts';
import type { WireFaults } from '../demo/server/proxy.ts';

interface Pair {
  readonly reset: () => void;
  readonly setSilent: (isSilent: boolean) => void;
}

/**
 * Forwards TCP connections. What it does to those that live, it doesn't do to those that come later: a network that has
 * lost the way back of one connection carries the next one.
 */
export class FaultProxy {
  readonly #pairs = new Set<Pair>();
  readonly #front: Server;
  #accepted = 0;
  /** Where its connections to the server come from: as when the client has moved to another network. */
  localAddress = '127.0.0.1';

  /** Listens on a free port. `delayMs`: how long everything takes, in each direction. */
  static async start(targetPort: () => number, delayMs: number): Promise<FaultProxy> {
    const front = createServer({ allowHalfOpen: true });
    const proxy = new FaultProxy(front);
    front.on('connection', (client) => proxy.#accept(client, targetPort(), delayMs));
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  private constructor(front: Server) {
    this.#front = front;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#front.address() as AddressInfo).port}`;
  }

  /** Connections that were made through it since the start. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Resets every connection on both sides. */
  cut(): void {
    for (const pair of [...this.#pairs]) pair.reset();
  }

  /** Lets nothing through on the connections that live now; not even their end is told to the other side. */
  silence(): void {
    for (const pair of this.#pairs) pair.setSilent(true);
  }

  /** Lets go what was held, in order. */
  release(): void {
    for (const pair of [...this.#pairs]) pair.setSilent(false);
  }

  stop(): void {
    this.#front.close();
    this.cut();
  }

  /** Ends as a killed process does, and starts again on the same port. */
  async restart(downMs: number): Promise<void> {
    const { port } = this.#front.address() as AddressInfo;
    const closed = new Promise((resolve) => this.#front.close(resolve));
    this.cut();
    await closed;
    await new Promise((resolve) => setTimeout(resolve, downMs));
    await new Promise<void>((resolve) => this.#front.listen(port, '127.0.0.1', resolve));
  }

  #accept(client: Socket, port: number, delayMs: number): void {
    this.#accepted += 1;
    let frozen = false;
    const faults = (): WireFaults => ({ frozen, refusing: false, delayMs });
    const server = connect({
      port,
      host: '127.0.0.1',
      localAddress: this.localAddress,
      allowHalfOpen: true,
      noDelay: true,
    });
    client.setNoDelay(true);
    const up = new Direction(client, faults);
    const down = new Direction(server, faults);
    const pair: Pair = {
      reset: () => {
        this.#pairs.delete(pair);
        up.stop();
        down.stop();
        client.resetAndDestroy();
        server.resetAndDestroy();
      },
      setSilent: (isSilent) => {
        frozen = isSilent;
        up.pump();
        down.pump();
      },
    };
    const forget = (): void => {
      if (client.closed && server.closed) this.#pairs.delete(pair);
    };
    for (const side of [client, server]) {
      // A reset shows up as an error and then as a close; the close is what counts.
      side.on('error', () => {});
      side.on('close', forget);
    }
    this.#pairs.add(pair);
    up.deliverTo(server);
    down.deliverTo(client);
  }
}
