import type { SendToStatus } from '../../packages/server/src/session/user-queue.ts';

/** What the server's app gave to `sendTo`, and what it was told about it. */
export interface Mail {
  /** Place in the order of the calls, and payload. */
  readonly n: number;
  readonly id: string | undefined;
  /** Null: it waits as long as it takes. */
  readonly ttlMs: number | null;
  /** The sessions that were welcomed when it was called. */
  readonly sessions: ReadonlySet<string>;
  /** `asked`: nobody knows, the process may have died. */
  status: SendToStatus | 'asked' | 'failed';
  /** It was in the memory of a process that has ended. */
  isForgotten: boolean;
  /** Sessions whose page's app had it. */
  readonly heardIn: Set<string>;
}

/** All messages to the one user of the world. */
export class MailBook {
  readonly all: Mail[] = [];

  add(options: Pick<Mail, 'id' | 'ttlMs' | 'sessions'>): Mail {
    const mail: Mail = { n: this.all.length + 1, ...options, status: 'asked', isForgotten: false, heardIn: new Set() };
    this.all.push(mail);
    return mail;
  }

  get(n: number): Mail | undefined {
    return this.all[n - 1];
  }

  /** The memory of a process has ended. */
  forget(): void {
    for (const mail of this.all) mail.isForgotten = true;
  }

  /** The first message with this id that is sure to be in the queue, or to have been there. */
  isTaken(id: string): boolean {
    return this.all.some((mail) => mail.id === id && mail.ttlMs === null && !mail.isForgotten && isAccepted(mail));
  }
}

export function isAccepted({ status }: Mail): boolean {
  return status === 'sent' || status === 'queued';
}
