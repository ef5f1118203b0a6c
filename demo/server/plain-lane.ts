import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { LmdbDatabase } from '@holdfast/server/lmdb';
import { type WebSocket, WebSocketServer } from 'ws';
import type { LaneName, NumberedMessage } from '../src/messages.ts';
import { check } from './check.ts';
import { Heartbeat } from './heartbeat.ts';
import type { Runs } from './runs.ts';

const MAX_SOCKETS = 200;
const MAX_MESSAGE_BYTES = 16_384;
/** Reading stops while this many wait for the database. */
const MAX_WAITING = 5_000;

interface PlainLaneOptions {
  readonly lane: LaneName;
  readonly database: LmdbDatabase;
  readonly runs: Runs;
  readonly onCounted: (run: string) => void;
}

/** A plain WebSocket server that counts what comes, in the order in which it comes. */
export class PlainLane {
  readonly #options: PlainLaneOptions;
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES });
  readonly #heartbeat = new Heartbeat(() => this.#server.clients);
  readonly #paused = new Set<WebSocket>();
  #waiting: NumberedMessage[] = [];
  #committing: Promise<void> | null = null;

  constructor(options: PlainLaneOptions) {
    this.#options = options;
  }

  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (client) => {
      client.on('error', ignore);
      if (this.#server.clients.size > MAX_SOCKETS) return client.close(1013, 'too many pages');
      this.#heartbeat.watch(client);
      client.on('message', (data: Buffer) => this.#take(client, data.toString('utf8')));
    });
  }

  /** Resolves when what has come is written: after this the database may be closed. */
  async close(): Promise<void> {
    this.#heartbeat.stop();
    for (const client of this.#server.clients) client.terminate();
    await this.#committing;
  }

  #take(client: WebSocket, text: string): void {
    let message: ReturnType<typeof check>;
    try {
      message = check(JSON.parse(text));
    } catch {
      return client.close(1008, 'no message of the demo');
    }
    if ('watch' in message) return;
    this.#waiting.push(message);
    this.#committing ??= this.#commit();
    if (this.#waiting.length < MAX_WAITING) return;
    client.pause();
    this.#paused.add(client);
  }

  /** What came meanwhile goes into the next transaction together. */
  async #commit(): Promise<void> {
    const { lane, database, runs, onCounted } = this.#options;
    while (this.#waiting.length > 0) {
      const messages = this.#waiting;
      this.#waiting = [];
      for (const client of this.#paused) client.resume();
      this.#paused.clear();
      await database.transaction(() => {
        for (const { run, number } of messages) runs.count(lane, run, number);
      });
      for (const run of new Set(messages.map((message) => message.run))) onCounted(run);
    }
    this.#committing = null;
  }
}

// A reset shows up as an error and then as a close; the close is what counts.
const ignore = (): void => {};
