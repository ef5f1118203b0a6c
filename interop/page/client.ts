import type { Ping } from '@holdfast/core/websocket';

/** The WebSocket class under test. One that can't ping leaves the ping alone. */
export type WithPing = (ping: Ping) => typeof WebSocket;

/** One library's client in the page, with a subscription that is meant to survive everything. */
export interface Client {
  /** What the subscription has brought, in order. A live view. */
  readonly heard: readonly string[];
  /** Sends to the server by the library's own means. Not repeated when the connection is lost meanwhile. */
  say(text: string): void;
}

/**
 * Starts a library's client. Delays between its attempts are short, and none is its last. `isStrict`: it also watches the
 * connection by its own means, and ends it when an answer takes more than seconds.
 */
export type StartClient = (url: string, withPing: WithPing, isStrict: boolean) => Client;

/** How often a strict library asks or is told, and how long it waits. */
export const STRICT_MS = 2_000;

/** The delay before a library's next attempt, where it can be told. Their own are seconds. */
export const RETRY_MS = 100;
