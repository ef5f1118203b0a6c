/**
 * The ping of a plain server's own protocol: a browser can't send one of WebSocket's. Whatever comes back shows that the
 * server is alive; what `isPong` recognizes is measured as the round trip, too, and is not handed to the app.
 */
export interface Ping {
  /** The message to send. Called once for each ping. */
  data(): string | Uint8Array<ArrayBuffer>;
  /** Whether a message is the answer to a ping. Called with every message: it must be quick, and must not throw. */
  isPong?(data: unknown): boolean;
  /**
   * How long a live server may take to be heard after a ping, milliseconds, whatever the link: for protocols whose pings
   * get no answer, and whose server speaks only so often. Default: what the round trips say.
   */
  readonly answerMs?: number;
}
