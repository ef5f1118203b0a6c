import { CLOSE } from '@holdfast/core/protocol';
import { addressGroup } from './address-group.ts';
import { Buckets } from './buckets.ts';
import { closeReason } from './close-reason.ts';
import type { Connection } from './connection.ts';
import type { Context } from './context.ts';
import type { LimitName } from './metrics.ts';

/** When one that found no room may come again. */
const NO_ROOM_RETRY_MS = 5_000;

/** Counts the connections that there are, and says for whom there is no room: before anybody knows who they are. */
export class Door {
  readonly all: Set<Connection> = new Set();
  readonly #context: Context;
  readonly #addresses: Buckets;
  readonly #perAddress = new Map<string, number>();
  readonly #groups = new Map<Connection, string>();
  /** Without a hello, the one that has been silent for longest in front. */
  readonly #silent = new Set<Connection>();
  readonly #unwelcomed = new Set<Connection>();

  constructor(context: Context) {
    const { perAddress } = context.limits.connectsPerMinute;
    this.#context = context;
    this.#addresses = new Buckets(perAddress / 60, perAddress, context.environment);
  }

  get unwelcomed(): number {
    return this.#unwelcomed.size;
  }

  /** A connection is there; it is ended again where there is no room. */
  enter(connection: Connection, remoteAddress: string | undefined): void {
    const { connections } = this.#context.limits;
    const group = remoteAddress === undefined ? null : addressGroup(remoteAddress);
    const others = group === null ? 0 : (this.#perAddress.get(group) ?? 0);
    const waitMs = group === null ? 0 : this.#addresses.ask(group);
    const isFull = this.all.size >= connections.total;
    this.all.add(connection);
    if (group !== null) {
      this.#groups.set(connection, group);
      this.#perAddress.set(group, others + 1);
    }
    if (isFull) this.#refuse(connection, 'connections.total', CLOSE.OVERLOADED, NO_ROOM_RETRY_MS);
    else if (others >= connections.perAddress)
      this.#refuse(connection, 'connections.perAddress', CLOSE.TOO_MANY, NO_ROOM_RETRY_MS);
    else if (waitMs > 0) this.#refuse(connection, 'connectsPerMinute.perAddress', CLOSE.TOO_MANY, waitMs);
    else this.#greet(connection);
  }

  /** Its hello came. */
  heard(connection: Connection): void {
    this.#silent.delete(connection);
  }

  /** It was welcomed, or ended: nothing is decided about it any more. */
  settled(connection: Connection): void {
    this.#silent.delete(connection);
    this.#unwelcomed.delete(connection);
  }

  /** Its socket is gone. */
  left(connection: Connection): void {
    this.settled(connection);
    this.all.delete(connection);
    const group = this.#groups.get(connection);
    if (group === undefined) return;
    this.#groups.delete(connection);
    const left = (this.#perAddress.get(group) ?? 0) - 1;
    if (left > 0) this.#perAddress.set(group, left);
    else this.#perAddress.delete(group);
  }

  #greet(connection: Connection): void {
    this.#silent.add(connection);
    this.#unwelcomed.add(connection);
    if (this.#unwelcomed.size <= this.#context.limits.connections.unwelcomed) return;
    // Who means it says hello in the turn of its open: the one that has been silent for longest makes room.
    const [silent] = this.#silent;
    this.#refuse(silent ?? connection, 'connections.unwelcomed', CLOSE.OVERLOADED, NO_ROOM_RETRY_MS);
  }

  #refuse(connection: Connection, limit: LimitName, closeCode: number, retryAfterMs: number): void {
    this.#context.limited.reached(limit);
    connection.end(closeCode, closeReason(closeCode === CLOSE.TOO_MANY ? 'too many' : 'busy', { retryAfterMs }));
  }
}
