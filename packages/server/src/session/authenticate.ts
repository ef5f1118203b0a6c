import { CLOSE } from '@holdfast/core/protocol';
import type { AuthenticateRequest, EngineApp } from './app.ts';
import { Forbidden, Unauthorized } from './errors.ts';
import type { Reporter } from './reporter.ts';

/** Everybody's identity where the app names none. */
const ANONYMOUS = 'anonymous';
/** Identities are part of keys and records. */
const IDENTITY_LENGTH = 256;

export type Authenticated =
  | { readonly ok: true; readonly identity: string }
  | { readonly ok: false; readonly closeCode: number; readonly code: string; readonly message: string };

/** Asks the app who this is. Never rejects. */
export async function authenticate(
  app: EngineApp,
  request: AuthenticateRequest,
  reporter: Reporter,
): Promise<Authenticated> {
  if (app.authenticate === undefined) return { ok: true, identity: ANONYMOUS };
  try {
    const identity: unknown = await app.authenticate(request);
    if (typeof identity !== 'string' || identity === '' || identity.length > IDENTITY_LENGTH) {
      throw new TypeError(`authenticate must give a string of 1 to ${IDENTITY_LENGTH} characters`);
    }
    return { ok: true, identity };
  } catch (fault) {
    // What was thrown may hold the token: only an app's own words for the client go out.
    if (fault instanceof Unauthorized) {
      return { ok: false, closeCode: CLOSE.UNAUTHORIZED, code: 'UNAUTHORIZED', message: fault.message };
    }
    if (fault instanceof Forbidden) {
      return { ok: false, closeCode: CLOSE.FORBIDDEN, code: 'FORBIDDEN', message: fault.message };
    }
    reporter.fault('authenticate.failed', fault);
    return {
      ok: false,
      closeCode: CLOSE.INTERNAL_ERROR,
      code: 'AUTHENTICATE_FAILED',
      message: 'the server could not authenticate',
    };
  }
}
