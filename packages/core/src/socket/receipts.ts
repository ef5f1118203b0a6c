import type { HoldfastError } from '../lib/errors.ts';
import type { Entry, EntryStatus } from '../machines/producer-log.ts';
import { Outcome } from '../runtime/outcome.ts';
import type { MessageKeeper } from '../storage/message-keeper.ts';
import type { Receipt } from './types.ts';

/** A sent message: what its log knows of it, and the receipt that the app holds. Promises are made when they are read. */
export class MessageReceipt implements Entry, Receipt {
  /** Who numbers it: its log. */
  source: string;
  readonly payload: string;
  readonly bytes: number;
  seq = 0;
  status: EntryStatus = 'queued';
  maybeSent = false;
  isWithdrawn = false;
  ttl: Entry['ttl'] = null;
  expiresAt: number | null = null;
  error: HoldfastError | null = null;
  readonly #keeper: () => Pick<MessageKeeper, 'isStored' | 'whenStored'>;
  #stored: Promise<void> | null = null;
  #delivered: Outcome | null = null;

  constructor(
    source: string,
    payload: string,
    bytes: number,
    keeper: () => Pick<MessageKeeper, 'isStored' | 'whenStored'>,
  ) {
    this.source = source;
    this.payload = payload;
    this.bytes = bytes;
    this.#keeper = keeper;
  }

  get id(): string {
    return `${this.source}:${this.seq}`;
  }

  get isStored(): boolean {
    return this.#keeper().isStored(this);
  }

  get stored(): Promise<void> {
    return (this.#stored ??= this.#keeper().whenStored(this));
  }

  get delivered(): Promise<void> {
    if (this.#delivered === null) {
      this.#delivered = new Outcome();
      this.#tell();
    }
    return this.#delivered.promise;
  }

  /** It has its end: null is success. */
  settle(error: HoldfastError | null): void {
    this.status = error === null ? 'delivered' : 'failed';
    this.error = error;
    this.#tell();
  }

  #tell(): void {
    if (this.status === 'delivered' || this.status === 'failed') this.#delivered?.settle(this.error);
  }
}
