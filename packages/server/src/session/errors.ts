import type { Json } from '@holdfast/core/protocol';

/** What a refusal may say besides its message. */
export interface RefuseOptions {
  /** At most 64 characters. Default `REFUSED`. */
  readonly code?: string;
  /** For the sender: at most 1,024 characters as JSON, else it is left out and a record says so. */
  readonly details?: { readonly [key: string]: Json };
}

/**
 * Thrown by a handler: the message is refused for good. It leaves the sender's outbox, its receipt rejects with this
 * text (at most 1,024 characters), and the next message goes on. Any other error is tried again.
 */
export class Refuse extends Error {
  override readonly name = 'Refuse';
  readonly code: string;
  readonly details: { readonly [key: string]: Json } | undefined;

  constructor(message: string, options: RefuseOptions = {}) {
    super(message);
    this.code = options.code ?? 'REFUSED';
    this.details = options.details;
  }
}

/** Thrown by `authenticate`: the token is not valid. The client fetches a fresh one once (close code 4401). */
export class Unauthorized extends Error {
  override readonly name = 'Unauthorized';
}

/** Thrown by `authenticate`: this client may never come in (close code 4403). */
export class Forbidden extends Error {
  override readonly name = 'Forbidden';
}
