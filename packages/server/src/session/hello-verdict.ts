import { CLOSE, type Hello } from '@holdfast/core/protocol';
import type { Realm } from './realm.ts';
import type { ServerSession } from './server-session.ts';

/** What becomes of a hello. `known`: the session that it has proven to be its own; it goes on only if `isResumed`. */
export type Verdict =
  | { readonly ok: true; readonly known: ServerSession; readonly isResumed: true }
  | { readonly ok: true; readonly known: ServerSession | undefined; readonly isResumed: false }
  | { readonly ok: false; readonly closeCode: number; readonly code: string; readonly message: string };

/** Judges a hello whose identity is known, and changes nothing. `order` is the number of its socket. */
export function judge(hello: Hello, identity: string, order: number, { sessions, producers }: Realm): Verdict {
  const named = hello.session === undefined ? undefined : sessions.all.get(hello.session);
  if (named !== undefined && named.identity !== identity) {
    return refuse(CLOSE.FORBIDDEN, 'IDENTITY_CHANGED', 'the session belongs to another identity');
  }
  // With another's key, or from another install, it is as if the session did not exist.
  const isProven = named?.client === hello.client && named.proves(hello.key as string);
  const known = isProven ? named : undefined;
  if (known !== undefined && hello.n <= known.n) {
    // An older socket of the same page, late: it must not hurt the newer one.
    return refuse(CLOSE.TAKEN_OVER, 'TAKEN_OVER', 'a newer connection has the session');
  }
  const isOutdated = hello.producers.some(([id]) => {
    const owner = producers.get([identity, hello.client, id])?.owner;
    return owner !== undefined && owner !== null && owner.order > order && owner.host.session !== known;
  });
  if (isOutdated) {
    // The claim of a newer socket stands. A client that is alive comes again, on a socket that is newer still.
    return refuse(CLOSE.OVERLOADED, 'CLAIM_LOST', 'a newer connection has claimed a producer of this hello');
  }
  const isResumed = known !== undefined && known.epoch === hello.epoch && (hello.received as number) <= known.highest;
  return isResumed ? { ok: true, known, isResumed } : { ok: true, known, isResumed };
}

function refuse(closeCode: number, code: string, message: string): Verdict {
  return { ok: false, closeCode, code, message };
}
