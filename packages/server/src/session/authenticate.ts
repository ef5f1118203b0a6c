import { CLOSE, describe } from '@holdfast/core/protocol';
import type { Context } from './context.ts';
import type { ConnectionRequest } from './environment.ts';
import { Forbidden, Unauthorized } from './errors.ts';

/** Everybody's identity where the app names none. */
const ANONYMOUS = 'anonymous';
/** Identities are part of keys and records. */
const IDENTITY_LENGTH = 256;

export type Authenticated =
  /** `endsAt`: when that ends, on the clock that never jumps; Infinity: never. */
  | { readonly ok: true; readonly identity: string; readonly endsAt: number }
  | {
      readonly ok: false;
      readonly closeCode: number;
      readonly code: string;
      readonly message: string;
      /** Whether the app has said no; false: it could not tell. */
      readonly isVerdict: boolean;
    };

/** Its time was over. */
class Late extends Error {}

/** Asks the app who this is, when its turn has come; `isWanted`: whether it still matters then. Never rejects. */
export async function authenticate(
  context: Context,
  request: ConnectionRequest,
  client: string,
  token: string | undefined,
  isWanted: () => boolean,
): Promise<Authenticated> {
  const { app, authentications, environment, limits, limited, reporter } = context;
  if (app.authenticate === undefined) return { ok: true, identity: ANONYMOUS, endsAt: Number.POSITIVE_INFINITY };
  const { origin, remoteAddress, url = '/', headers = {}, upgrade } = request;
  if (authentications.isFull) limited.reached('authentications');
  await authentications.enter();
  const abort = environment.createAbort();
  let cancelTimer = (): void => {};
  try {
    if (!isWanted()) throw new Late();
    const late = new Promise<never>((_, reject) => {
      cancelTimer = environment.setTimer(limits.authenticateTimeoutMs, () => {
        limited.reached('authenticateTimeoutMs');
        reject(new Late());
        abort.abort(new Error('the server has waited long enough'));
      });
    });
    const asked = app.authenticate({
      token: token ?? request.token,
      client,
      origin,
      remoteAddress,
      url,
      headers,
      upgrade,
      signal: abort.signal,
    });
    const given: unknown = await Promise.race([asked, late]);
    const { identity, expiresAt = Number.POSITIVE_INFINITY } = (
      typeof given === 'object' && given !== null ? given : { identity: given }
    ) as { readonly identity: unknown; readonly expiresAt?: unknown };
    if (typeof identity !== 'string' || identity === '' || identity.length > IDENTITY_LENGTH) {
      throw new TypeError(
        `authenticate must give a string of 1 to ${IDENTITY_LENGTH} characters, or { identity, expiresAt }, not ${describe(given)}`,
      );
    }
    if (typeof expiresAt !== 'number' || Number.isNaN(expiresAt)) {
      throw new TypeError(`expiresAt must be a number of milliseconds since the epoch, not ${describe(expiresAt)}`);
    }
    const lifeMs = expiresAt - environment.wallClock();
    if (lifeMs <= 0) throw new Unauthorized('the token has ended');
    return { ok: true, identity, endsAt: environment.now() + lifeMs };
  } catch (fault) {
    if (fault instanceof Late) {
      return refuse(CLOSE.OVERLOADED, 'AUTHENTICATE_LATE', 'the server could not authenticate in time', false);
    }
    // What was thrown may hold the token: only an app's own words for the client go out.
    if (fault instanceof Unauthorized) {
      return refuse(CLOSE.UNAUTHORIZED, 'UNAUTHORIZED', fault.message, true);
    }
    if (fault instanceof Forbidden) return refuse(CLOSE.FORBIDDEN, 'FORBIDDEN', fault.message, true);
    reporter.fault('authenticate.failed', fault);
    return refuse(CLOSE.INTERNAL_ERROR, 'AUTHENTICATE_FAILED', 'the server could not authenticate: see its log', false);
  } finally {
    cancelTimer();
    authentications.leave();
  }
}

function refuse(closeCode: number, code: string, message: string, isVerdict: boolean): Authenticated {
  return { ok: false, closeCode, code, message, isVerdict };
}
