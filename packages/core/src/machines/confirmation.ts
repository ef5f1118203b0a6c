import type { MessageData } from '../protocol/frames.ts';
import type { Entry, ProducerLog } from './producer-log.ts';

/** How a plain server shows that it has a message: `acknowledgement(…)` or `pongBarrier()`. */
export interface Confirm {
  /** Whether it stands on answers to pings. */
  readonly needsPong: boolean;
  /** What one connection keeps of it. `report` tells what the app's functions threw. */
  create(report: (cause: unknown, what: string) => void): Confirmation;
}

/** The messages of one connection that wait for the server's word. */
export interface Confirmation {
  readonly waiting: number;
  has(entry: Entry): boolean;
  /** A message was written: `data` gives what the app sent. Unless it is remembered now, nothing will confirm it. */
  wrote(log: ProducerLog, entry: Entry, data: () => MessageData): void;
  /** A message came that is no pong. Gives whether it confirmed anything. */
  heard(data: MessageData): boolean;
  pinged(): void;
  ponged(): void;
  /** Whether a ping that is written now would confirm something sooner. */
  readonly wantsPing: boolean;
}

/** How the app's own protocol names a message. */
export type MessageId = string | number;

/** How to find the ids in what goes out and what comes in. */
export interface AcknowledgementOptions {
  /**
   * The id under which the server acknowledges what was sent; undefined: it does not, and the message counts as delivered
   * when the browser has given it to the network. Called once for each time that a message is written.
   */
  idOf(data: MessageData): MessageId | undefined;
  /** The ids that a received message acknowledges. Called with every message; the app gets it all the same. */
  idsIn(data: MessageData): MessageId | readonly MessageId[] | undefined;
}

const UNTOLD = Symbol('untold');

/**
 * A message counts as delivered when the server has named its id, in any order: for protocols in which it answers, as with
 * JSON-RPC. Of two messages with one id the older is confirmed first. Where `idOf` throws, the message stays in doubt.
 */
export function acknowledgement(options: AcknowledgementOptions): Confirm {
  return {
    needsPong: false,
    create(report) {
      const ids = new Map<Entry, readonly [log: ProducerLog, id: MessageId | symbol]>();
      return {
        get waiting() {
          return ids.size;
        },
        has: (entry) => ids.has(entry),
        wrote(log, entry, data) {
          // A message whose id can't be told is confirmed by nothing.
          let id: MessageId | symbol | undefined = UNTOLD;
          try {
            id = options.idOf(data());
          } catch (cause) {
            report(cause, 'idOf()');
          }
          if (id !== undefined) ids.set(entry, [log, id]);
        },
        heard(data) {
          const before = ids.size;
          if (before === 0) return false;
          let found: ReturnType<AcknowledgementOptions['idsIn']>;
          try {
            found = options.idsIn(data);
          } catch (cause) {
            report(cause, 'idsIn()');
          }
          for (const named of Array.isArray(found) ? (found as readonly MessageId[]) : [found]) {
            // Servers answer in order, nearly: it is among the first.
            for (const [entry, [log, id]] of ids) {
              if (id !== named) continue;
              ids.delete(entry);
              log.deliver(entry);
              break;
            }
          }
          return ids.size < before;
        },
        pinged() {},
        ponged() {},
        wantsPing: false,
      };
    },
  };
}

/**
 * A message counts as delivered when the answer to a ping comes that was written after it: a WebSocket delivers in order,
 * so the server has read all that was before the ping. It needs a server that answers every ping once, in the order in
 * which it reads, and never sends a pong unasked. It proves that the message was read, not what the server did with it.
 */
export function pongBarrier(): Confirm {
  return {
    needsPong: true,
    create() {
      const written = new Map<Entry, ProducerLog>();
      /** What each ping that is on its way confirms: the messages before it that none before it does. */
      const barriers: Entry[][] = [];
      let fresh: Entry[] = [];
      return {
        get waiting() {
          return written.size;
        },
        has: (entry) => written.has(entry),
        wrote(log, entry) {
          written.set(entry, log);
          fresh.push(entry);
        },
        heard: () => false,
        pinged() {
          barriers.push(fresh);
          fresh = [];
        },
        ponged() {
          for (const entry of barriers.shift() ?? []) {
            const log = written.get(entry);
            written.delete(entry);
            log?.deliver(entry);
          }
        },
        // One at a time: what is written meanwhile shares the next.
        get wantsPing() {
          return barriers.length === 0 && fresh.length > 0;
        },
      };
    },
  };
}
