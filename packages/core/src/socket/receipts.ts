import type { EncodedPayload } from '../lib/bytes.ts';
import type { HoldfastError } from '../lib/errors.ts';
import type { Entry, EntryStatus } from '../machines/producer-log.ts';
import { Outcome } from '../runtime/outcome.ts';
import type { MessageKeeper } from '../storage/message-keeper.ts';
import type { Receipt, SendOptions } from './types.ts';

export const NO_OPTIONS: SendOptions = {};

/** A sent message: what its log knows of it, and the receipt that the app holds. Promises are made when they are read. */
export class MessageReceipt implements Entry, Receipt {
  /** Who numbers it: its log. */
  source: string;
  payload: EncodedPayload;
  /** What it was sent with. */
  options: SendOptions = NO_OPTIONS;
  /** Its payload, while that is being read. */
  blob: Blob | null;
  readonly bytes: number;
  seq = 0;
  status: EntryStatus = 'queued';
  maybeSent = false;
  isWithdrawn = false;
  ttl: Entry['ttl'] = null;
  expiresAt: number | null = null;
  isStored = false;
  storing?: HoldfastError | null;
  error: HoldfastError | null = null;
  /** Milliseconds since the epoch. */
  queuedAt: number | null = null;
  readonly #keeper: () => Pick<MessageKeeper, 'whenStored'>;
  readonly #cancel: (receipt: MessageReceipt) => boolean;
  #stored: Promise<void> | null = null;
  #delivered: Outcome | null = null;

  constructor(
    source: string,
    payload: EncodedPayload | Blob,
    bytesOf: (payload: EncodedPayload) => number,
    keeper: () => Pick<MessageKeeper, 'whenStored'>,
    cancel: (receipt: MessageReceipt) => boolean,
  ) {
    this.source = source;
    const isRead = typeof payload === 'string' || payload instanceof Uint8Array;
    this.payload = isRead ? payload : '';
    this.blob = isRead ? null : payload;
    this.bytes = isRead ? bytesOf(payload) : payload.size;
    this.#keeper = keeper;
    this.#cancel = cancel;
  }

  get id(): string {
    return `${this.source}:${this.seq}`;
  }

  get isReading(): boolean {
    return this.blob !== null;
  }

  cancel(): boolean {
    return this.#cancel(this);
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
    this.blob = null;
    this.#tell();
  }

  #tell(): void {
    if (this.status === 'delivered' || this.status === 'failed') this.#delivered?.settle(this.error);
  }
}
