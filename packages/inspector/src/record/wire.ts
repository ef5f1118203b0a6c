import type { Environment } from '@holdfast/core';
import { AUTH_PREFIX, SUBPROTOCOL, type ClientFrame, type ServerFrame } from '@holdfast/core/protocol';
import { describeFrames, describePlain, short, sizeOf, type ShowPayload } from './describe-frames.ts';
import type { InspectorLog } from './log.ts';
import type { ConnectionRecord, Direction } from './records.ts';

/** Puts what goes over one WebSocket into the log. */
export class Wire {
  readonly #log: InspectorLog;
  readonly #environment: Environment;
  readonly #show: ShowPayload;
  readonly #id: number;
  /** In the order in which this connection listed them: frames name them by their place. */
  readonly #producers: string[] = [];
  #record: ConnectionRecord;

  constructor(log: InspectorLog, environment: Environment, show: ShowPayload, url: string) {
    this.#log = log;
    this.#environment = environment;
    this.#show = show;
    this.#id = log.nextConnection();
    this.#record = {
      id: this.#id,
      url: withoutSecrets(url),
      startedAt: environment.wallClock(),
      openedAt: null,
      endedAt: null,
      endedBy: null,
      closeCode: null,
      closeReason: '',
      protocol: '',
      messagesUp: 0,
      messagesDown: 0,
      bytesUp: 0,
      bytesDown: 0,
    };
    this.#log.connection(this.#record);
  }

  opened(chosen: string): void {
    // A server that chooses the token instead of the protocol is mistaken, and seen.
    const protocol = chosen.startsWith(AUTH_PREFIX) ? `${AUTH_PREFIX}…` : chosen;
    this.#change({ openedAt: this.#environment.wallClock(), protocol });
  }

  ended(by: NonNullable<ConnectionRecord['endedBy']>, code: number | null, reason: string): void {
    if (this.#record.endedAt !== null) return;
    const endedAt = this.#environment.wallClock();
    this.#change({ endedAt, endedBy: by, closeCode: code, closeReason: reason.slice(0, 123) });
  }

  /** One WebSocket message. Gives its size. */
  message(direction: Direction, data: unknown): number {
    const at = this.#environment.wallClock();
    const bytes = sizeOf(data);
    if (this.#record.protocol === SUBPROTOCOL) {
      for (const [description, frame] of describeFrames(data, direction, this.#show)) {
        this.#log.frame(at, this.#id, direction, description);
        if (frame !== null) this.#learn(at, direction, frame);
      }
    } else this.#log.frame(at, this.#id, direction, describePlain(data, direction, this.#show));
    const { messagesUp, messagesDown, bytesUp, bytesDown } = this.#record;
    this.#change(
      direction === 'up'
        ? { messagesUp: messagesUp + 1, bytesUp: bytesUp + bytes }
        : { messagesDown: messagesDown + 1, bytesDown: bytesDown + bytes },
    );
    this.#log.traffic(at, direction, bytes);
    return bytes;
  }

  #change(change: Partial<ConnectionRecord>): void {
    this.#record = { ...this.#record, ...change };
    this.#log.connection(this.#record);
  }

  /** What a frame tells of session and producers. */
  #learn(at: number, direction: Direction, frame: ClientFrame | ServerFrame): void {
    switch (frame.kind) {
      case 'hello':
        this.#claim(frame.hello.producers);
        return;
      case 'producers':
        this.#claim(frame.producers);
        return;
      case 'welcome': {
        const { session, resumed, epoch, offset, window, limits, heartbeat, time, lost } = frame.welcome;
        this.#log.sessions.push({
          at,
          connection: this.#id,
          session: short(session),
          resumed,
          epoch: short(epoch),
          offset,
          window,
          messageBytes: limits.messageBytes,
          heartbeat,
          clockAheadMs: time - at,
          lost: lost === undefined ? null : lost.reason,
        });
        this.#taken(0, frame.welcome.taken);
        return;
      }
      case 'taken':
        this.#taken(this.#producers.length - frame.taken.length, frame.taken);
        return;
      case 'm':
        if ('seq' in frame) this.#seen(frame.producer, { sent: frame.seq });
        return;
      case 'a':
        if (direction === 'down' && 'seq' in frame) this.#seen(frame.producer, { settled: frame.seq });
        return;
      case 'r':
        this.#seen(frame.producer, { settled: frame.seq, refused: 1 });
        return;
      case 'fin':
        this.#log.producer(frame.id, { isFinished: true });
        return;
      default: // The others tell nothing of them.
    }
  }

  #claim(claims: readonly (readonly [id: string, firstUnsettled: number, nextSeq: number, maybeSent: number])[]): void {
    for (const [id, firstUnsettled, nextSeq, maybeSent] of claims) {
      this.#producers.push(id);
      this.#log.producer(id, { sent: maybeSent, settled: firstUnsettled - 1, nextSeq });
    }
  }

  #taken(from: number, taken: readonly (readonly [seq: number, ...rest: unknown[]] | null)[]): void {
    for (const [index, entry] of taken.entries()) if (entry !== null) this.#seen(from + index, { settled: entry[0] });
  }

  #seen(place: number, known: { readonly sent?: number; readonly settled?: number; readonly refused?: number }): void {
    const id = this.#producers[place];
    if (id !== undefined) this.#log.producer(id, known);
  }
}

/** A query, a fragment and user information may carry a token. */
export function withoutSecrets(url: string): string {
  try {
    const { protocol, host, pathname, search } = new URL(url);
    return `${protocol}//${host}${pathname}${search === '' ? '' : '?…'}`;
  } catch {
    return '(no URL)';
  }
}
