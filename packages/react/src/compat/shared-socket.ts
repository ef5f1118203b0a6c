import { HoldfastWebSocket } from '@holdfast/core/websocket';
import { keepAlive } from './keep-alive.ts';
import type { HeartbeatOptions, Options } from './types.ts';

/** A component that uses a connection. */
export interface Member {
  /** Tells apart those that do not share. */
  readonly id: number;
  readonly options: Options;
  /** There is a connection to listen to, in place of the one before. */
  attach(socket: HoldfastWebSocket): void;
  /** Listens no more. */
  detach(): void;
  /** There is nothing to connect to. */
  fail(error: unknown): void;
  /** Was the last to leave: hears of the end. */
  hearEnd(socket: HoldfastWebSocket): void;
}

const known = new Map<string, SharedSocket>();

/** A connection, and the next one at its end, with those who use it: one component, or all that share it. */
export class SharedSocket {
  readonly #key: string;
  readonly #url: string;
  readonly #protocols: readonly string[];
  readonly #isShared: boolean;
  readonly #members = new Set<Member>();
  #last: Member | null = null;
  #socket: HoldfastWebSocket | null = null;

  private constructor(key: string, url: string, protocols: readonly string[], isShared: boolean) {
    this.#key = key;
    this.#url = url;
    this.#protocols = protocols;
    this.#isShared = isShared;
  }

  /** The one that `member` is to use for this URL. */
  static for(url: string, { id, options }: Member): SharedSocket {
    const isShared = options.share === true;
    const protocols = [options.protocols ?? []].flat();
    const key = JSON.stringify([isShared ? null : id, url, protocols]);
    const found = known.get(key) ?? new SharedSocket(key, url, protocols, isShared);
    known.set(key, found);
    return found;
  }

  static reset(url: string | undefined): void {
    for (const socket of known.values()) {
      if (socket.#isShared && (url === undefined || socket.#url === url)) socket.#forget();
    }
  }

  /** What its members want of the heartbeat; null: none. Of several, the one that came first speaks. */
  get heartbeat(): HeartbeatOptions | null {
    const wish = [...this.#members].map(({ options }) => options.heartbeat).find((given) => given);
    return typeof wish === 'object' ? wish : wish === true ? {} : null;
  }

  /** Opens a connection for its members, unless there is one. */
  enter(member: Member): void {
    const isNew = !this.#members.has(member);
    this.#members.add(member);
    if (isNew && this.#socket !== null && !this.#isOver) member.attach(this.#socket);
    // Whoever mounts in the same turn is heard before it opens.
    queueMicrotask(() => this.#open());
  }

  /** The last one to leave closes it, unless somebody comes in the same turn: Strict Mode, or the next page of an app. */
  leave(member: Member): void {
    this.#members.delete(member);
    this.#last = member;
    queueMicrotask(() => {
      if (this.#members.size > 0 || known.get(this.#key) !== this) return;
      known.delete(this.#key);
      if (this.#socket === null) return;
      this.#last?.hearEnd(this.#socket);
      this.#socket.close();
    });
  }

  get #isOver(): boolean {
    return this.#socket?.readyState === HoldfastWebSocket.CLOSED;
  }

  #forget(): void {
    known.delete(this.#key);
    for (const member of this.#members) member.detach();
    this.#members.clear();
    this.#socket?.close();
  }

  #open(): void {
    if (this.#members.size === 0) return;
    if (this.#socket !== null && !this.#isOver) return;
    let socket: HoldfastWebSocket;
    try {
      socket = new HoldfastWebSocket(this.#url, this.#protocols, { reconnect: false });
    } catch (error) {
      for (const member of this.#members) member.fail(error);
      return;
    }
    this.#socket = socket;
    for (const member of this.#members) member.attach(socket);
    socket.addEventListener('open', () => {
      const { heartbeat } = this;
      if (heartbeat !== null) keepAlive(socket, () => this.heartbeat ?? heartbeat);
    });
  }
}

/**
 * Forgets the shared connection to `url`, or all: it is closed, the components that used it hear nothing more, and the
 * next one opens another. For components that can't unmount any more, as those of a window that was closed.
 */
export function resetGlobalState(url?: string): void {
  SharedSocket.reset(url);
}
