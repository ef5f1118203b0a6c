import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Cursor, LIVE_PING, LIVE_PONG, type LiveDown } from '../src/live-messages.ts';
import { BOARD_HEIGHT, BOARD_WIDTH } from '../src/messages.ts';
import { isWithin } from './check.ts';

const MAX_SOCKETS = 200;
const MAX_MESSAGE_BYTES = 1_024;
const EVERY_MS = 40;
const PING_MS = 2_000;
/** A browser answers pings by itself, in hidden tabs too; one that is silent for longer is gone, whatever TCP says. */
const SILENCE_MS = 6_000;

interface Person {
  readonly id: number;
  heardAt: number;
  cursor: Cursor | null;
}

/** Cursors and presence: nothing is kept, counted or repeated. */
export class Live {
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES });
  readonly #people = new Map<WebSocket, Person>();
  readonly #moved = new Set<Person>();
  readonly #gone = new Set<number>();
  readonly #reaper: NodeJS.Timeout;
  #nextId = 1;
  #timer: NodeJS.Timeout | null = null;

  constructor() {
    this.#reaper = setInterval(() => this.#lookWhoIsThere(), PING_MS);
    this.#reaper.unref();
  }

  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (client) => {
      client.on('error', ignore);
      if (this.#people.size >= MAX_SOCKETS) return client.close(1013, 'too many pages');
      const person: Person = { id: this.#nextId, heardAt: performance.now(), cursor: null };
      this.#nextId += 1;
      this.#people.set(client, person);
      client.on('message', (data: Buffer) => this.#hear(client, person, data.toString('utf8')));
      client.on('pong', () => (person.heardAt = performance.now()));
      client.on('close', () => {
        this.#people.delete(client);
        this.#moved.delete(person);
        this.#gone.add(person.id);
        this.#tellSoon();
      });
      const others = [...this.#people.values()].flatMap(({ cursor }) => cursor ?? []);
      client.send(JSON.stringify(this.#news(others, [])));
      this.#tellSoon();
    });
  }

  close(): void {
    clearInterval(this.#reaper);
    for (const client of this.#server.clients) client.terminate();
  }

  #hear(client: WebSocket, person: Person, text: string): void {
    person.heardAt = performance.now();
    if (text === LIVE_PING) return client.send(LIVE_PONG);
    const cursor = readCursor(text, person.id);
    if (cursor === null) return client.close(1008, 'no message of the demo');
    person.cursor = cursor;
    this.#moved.add(person);
    this.#tellSoon();
  }

  #tellSoon(): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      const moved = [...this.#moved].flatMap(({ cursor }) => cursor ?? []);
      const gone = [...this.#gone];
      this.#moved.clear();
      this.#gone.clear();
      for (const [client, { id }] of this.#people) {
        const others = moved.filter((cursor) => cursor.id !== id);
        client.send(JSON.stringify(this.#news(others, gone)));
      }
    }, EVERY_MS);
  }

  #news(cursors: readonly Cursor[], gone: readonly number[]): LiveDown {
    return { kind: 'live', present: this.#people.size, cursors, gone };
  }

  #lookWhoIsThere(): void {
    const before = performance.now() - SILENCE_MS;
    for (const [client, { heardAt }] of this.#people) {
      if (heardAt < before) client.terminate();
      else client.ping();
    }
  }
}

function readCursor(text: string, id: number): Cursor | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const { x, y, hue } = (value ?? {}) as { readonly [name: string]: unknown };
  if (!isWithin(x, 0, BOARD_WIDTH) || !isWithin(y, 0, BOARD_HEIGHT) || !isWithin(hue, 0, 359)) return null;
  return { id, x, y, hue };
}

// A reset shows up as an error and then as a close; the close is what counts.
const ignore = (): void => {};
