import type { ProducerLog } from './producer-log.ts';

/** All logs of one socket: its own, those that it took over from pages that are gone, and the one of `onConnect`. */
export class OutboxQueue {
  own: ProducerLog;
  /** In the order in which they are sent; the own log is always among them. */
  readonly logs: ProducerLog[];
  /** What `onConnect` sends on this connection, before all others. */
  direct: ProducerLog | null = null;

  constructor(own: ProducerLog) {
    this.own = own;
    this.logs = [own];
  }

  get isEmpty(): boolean {
    return this.unsettled === 0;
  }

  get inFlight(): number {
    return this.logs.reduce((sum, log) => sum + log.inFlight, 0);
  }

  get unsettled(): number {
    return this.logs.reduce((sum, log) => sum + log.unsettled, 0);
  }

  /** Adds a log that goes before the own one. */
  adopt(log: ProducerLog): void {
    this.logs.splice(this.logs.indexOf(this.own), 0, log);
  }

  /** Puts a fresh log in the place of the own one, which belongs to another page by now. */
  replaceOwn(log: ProducerLog): void {
    this.logs[this.logs.indexOf(this.own)] = log;
    this.own = log;
  }

  remove(log: ProducerLog): void {
    const place = this.logs.indexOf(log);
    if (place !== -1) this.logs.splice(place, 1);
  }
}
