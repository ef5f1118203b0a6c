import type { Failure } from '../lib/errors.ts';
import type { ProducerLog } from './producer-log.ts';

/** All logs of one socket, by the lane of the own one: the own, those that it took over from pages that are gone, and the one of `onConnect`. */
export interface OutboxQueue {
  own: ProducerLog;
  /** In the order in which they are sent; the own log is always among them. */
  readonly logs: ProducerLog[];
  /** What `onConnect` sends on this connection, before all others. */
  direct: ProducerLog | null;
}

export function outboxQueue(own: ProducerLog): OutboxQueue {
  return { own, logs: [own], direct: null };
}

/** Another lane of the same socket: its own log goes before all others. */
export function openLane({ logs }: OutboxQueue, own: ProducerLog): OutboxQueue {
  logs.unshift(own);
  return { own, logs, direct: null };
}

/** Messages that are not settled, and those of them that are in flight, over all logs. */
export function countIn({ logs }: OutboxQueue, what: 'unsettled' | 'inFlight'): number {
  return logs.reduce((sum, log) => sum + log[what], 0);
}

/** Whether it must wait: it is held, or a log before it is here and unsettled, behind settled ones too. */
export function isBlocked({ logs }: OutboxQueue, log: ProducerLog): boolean {
  if (log.isHeld) return true;
  for (let { after } = log; after !== null; { after } = after) {
    if (!after.isSettled && logs.includes(after)) return true;
  }
  return false;
}

/** The nearest log before this one that has something left, behind settled ones too. */
export function unsettledBefore(log: ProducerLog): ProducerLog | null {
  let { after } = log;
  while (after?.isSettled) ({ after } = after);
  return after;
}

/** Whether it follows the other one, be it at a distance. */
export function isBehind({ after }: ProducerLog, other: ProducerLog): boolean {
  return after !== null && (after === other || isBehind(after, other));
}

/** Adds a log that goes before the own one. */
export function adoptLog({ logs, own }: OutboxQueue, log: ProducerLog): void {
  logs.splice(logs.indexOf(own), 0, log);
}

/** Puts a fresh log in the place of the own one, which belongs to another page by now. */
export function replaceOwnLog(queue: OutboxQueue, log: ProducerLog): void {
  queue.logs[queue.logs.indexOf(queue.own)] = log;
  queue.own = log;
}

export function removeLog({ logs }: OutboxQueue, log: ProducerLog): void {
  const place = logs.indexOf(log);
  if (place !== -1) logs.splice(place, 1);
}

/** What a message of so many bytes fails with above a limit; null: it is not. */
export function tooLarge(bytes: number, limit: number): Failure | null {
  if (bytes <= limit) return null;
  const message = `a message of ${bytes} bytes is above the limit of ${limit}`;
  return { code: 'MESSAGE_TOO_LARGE', message, details: { bytes, limit } };
}
