import { Deque, type ProducerClaim, type Refusal } from '@holdfast/core/protocol';
import type { ServerSession } from './server-session.ts';

/** A producer as one connection listed it: its place in the connection's order, and how far the two have come. */
export class Slot {
  readonly index: number;
  readonly claim: ProducerClaim;
  /** When it was claimed, in the order of all claims of this engine: an older claim never takes from a newer one. */
  readonly order: number;
  readonly host: SlotHost;
  /** Whether the client was told what is taken. Only then it may send. */
  isTold = false;
  /** The client has deleted the log. */
  isFinished = false;
  /** Last seq that was accepted on this connection, or that the client was told. */
  last = 0;
  /** Last seq that was acknowledged on this connection, or that the client was told. */
  acknowledged = 0;
  /** Accepted and not acknowledged. */
  readonly inFlight: Deque<{ readonly seq: number; readonly bytes: number }> = new Deque();

  constructor(host: SlotHost, claim: ProducerClaim, index: number, order: number) {
    this.host = host;
    this.claim = claim;
    this.index = index;
    this.order = order;
  }
}

/** The connection, as a producer sees it. */
export interface SlotHost {
  readonly session: ServerSession;
  /** Whether what came here may still start: false when the client's credentials have ended. */
  readonly mayRun: boolean;
  /** Everything up to `seq` is settled and written down; `refusals` are those among it that were not told yet. */
  acknowledge(slot: Slot, seq: number, refusals: readonly Refusal[]): void;
  /** Another claim has taken the producer: nothing of it will be acknowledged here. */
  displaced(slot: Slot): void;
  /** And the connection that took it is gone: the client must ask again. */
  claimLost(slot: Slot): void;
  /** The store has failed: the client must ask again what is taken. */
  storeFailed(): void;
}
