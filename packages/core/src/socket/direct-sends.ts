import type { Failure } from '../lib/errors.ts';
import { ProducerLog } from '../machines/producer-log.ts';
import { MessageReceipt } from './receipts.ts';
import type { Sender, SenderHost } from './sender.ts';

/** What `onConnect` sends: a log of its own for each connection, neither stored nor repeated, and nothing is told of it. */
export interface DirectSends<Outgoing> {
  /** Aborts when the current connection ends. */
  readonly signal: AbortSignal;
  /** A connection begins: its log. */
  begin(): void;
  /** Resolves when the server has the message; `signal` is that of the connection that it is meant for. */
  send(signal: AbortSignal, data: Outgoing): Promise<void>;
  /** The connection is gone: what it was given is nobody's any more. */
  end(): void;
}

const GONE: Failure = { code: 'OUTCOME_UNKNOWN', message: 'the connection ended before the message was confirmed' };

export function createDirectSends<Outgoing>(
  { queue, message, append }: Sender<Outgoing>,
  { environment, events, conversation, limits }: SenderHost,
): DirectSends<Outgoing> {
  let connection = new AbortController();
  return {
    get signal() {
      return connection.signal;
    },
    begin() {
      queue.direct = new ProducerLog(environment.randomId(), (entry, failure) => {
        if (entry instanceof MessageReceipt) entry.settle(failure && events.error(failure));
      });
    },
    send(signal, data) {
      const log = queue.direct;
      try {
        const receipt = message(data, log ?? queue.own);
        const failure =
          log === null || signal.aborted ? GONE : conversation().refusal(receipt.bytes, limits.maxMessageBytes);
        if (failure !== null) throw events.error(failure);
        if (log !== null) {
          append(log, receipt);
          conversation().appended(log);
        }
        return receipt.delivered;
      } catch (error) {
        // What was thrown is what awaits whoever sends.
        if (!(error instanceof Error)) throw error;
        return Promise.reject(error);
      }
    },
    end() {
      const log = queue.direct;
      queue.direct = null;
      connection.abort(events.error(GONE));
      connection = new AbortController();
      for (const entry of log?.entries ?? []) log?.fail(entry, GONE);
    },
  };
}
