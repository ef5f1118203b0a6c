/** Why a WebSocket can't be opened. */
export type DiagnosisCause =
  /** Nothing: it opened. */
  | 'open'
  /** The device has no network. */
  | 'offline'
  /** A page of https may not open `ws:`. */
  | 'mixed-content'
  /** The page's Content-Security-Policy forbids it (`connect-src`). */
  | 'csp'
  /** The browser refuses to try, for another reason. */
  | 'blocked'
  /** The server is reached, and TLS with it fails: a bad certificate, or none. */
  | 'tls'
  /** A server answers and refuses the handshake. */
  | 'refused'
  /** A server answers, but leaves the handshake unanswered: often a proxy that does not know WebSocket. */
  | 'unanswered'
  /** No server answers: unknown name, closed port, firewall, server down. */
  | 'unreachable';

/** Why a WebSocket could not be opened, and how sure that is. */
export interface Diagnosis {
  readonly cause: DiagnosisCause;
  /** `certain`: the browser said so. `likely`: other causes would be unusual. `guess`: others look the same to a page. */
  readonly certainty: 'certain' | 'likely' | 'guess';
  /**
   * HTTP status with which the server answered a plain GET of the same address (101: the handshake succeeded); null where
   * a page may not read it. What checks a request before the handshake, a gateway for one, gives the same to both; the
   * handshake's own status no browser tells.
   */
  readonly status: number | null;
  /** What was seen, a sentence each, in English, for logs. */
  readonly evidence: readonly string[];
}

/** What became of a request. */
export interface Answer {
  readonly outcome: 'answered' | 'failed' | 'silent' | 'blocked' | 'not asked';
  /** Null: it may not be read. */
  readonly status: number | null;
}

export interface Findings {
  /** Origin of the page, null without one. */
  readonly pageOrigin: string | null;
  readonly isOnline: boolean;
  /** A service worker may have answered in place of the network. */
  readonly hasServiceWorker: boolean;
  readonly target: URL;
  readonly timeoutMs: number;
  readonly handshake:
    | { readonly outcome: 'open' }
    | { readonly outcome: 'blocked' }
    | { readonly outcome: 'silent' }
    | { readonly outcome: 'thrown'; readonly name: string }
    | { readonly outcome: 'closed'; readonly code: number };
  /** The same address over http or https. */
  readonly twin: Answer;
  /** The same port without TLS. */
  readonly plain: Answer;
  /** The page's own server. */
  readonly own: Answer;
}

/** The cause that explains all that was found. Total, and without a clock: the same findings, the same diagnosis. */
export function judge(findings: Findings): Diagnosis {
  const { pageOrigin, isOnline, hasServiceWorker, target, timeoutMs, handshake, twin, plain, own } = findings;
  const isSecure = target.protocol === 'wss:';
  const isSecurePage = pageOrigin?.startsWith('https:') === true;
  const { host } = target;
  const isOwn = pageOrigin === `${isSecure ? 'https' : 'http'}://${host}`;
  const evidence: string[] = [];
  const because = (
    cause: DiagnosisCause,
    certainty: Diagnosis['certainty'],
    reason: string,
    status: number | null = null,
  ): Diagnosis => ({ cause, certainty, status, evidence: [...evidence, reason] });

  if (handshake.outcome === 'open') return because('open', 'certain', `a WebSocket to ${host} opened`, 101);
  if (handshake.outcome === 'blocked') {
    return because(
      'csp',
      'certain',
      `connect-src of the page's Content-Security-Policy lacks ${target.protocol}//${host}`,
    );
  }
  if (handshake.outcome === 'thrown') {
    evidence.push(`the browser threw ${handshake.name}`);
    return isSecurePage && !isSecure
      ? because('mixed-content', 'certain', 'a page of https may not open ws: use wss:')
      : because('blocked', 'certain', 'no connection was tried');
  }
  evidence.push(
    handshake.outcome === 'silent'
      ? `the handshake got no answer within ${timeoutMs} ms`
      : `the handshake failed with ${handshake.code}`,
  );
  if (isSecurePage && !isSecure && !isLoopback(target.hostname)) {
    return because('mixed-content', 'likely', 'a page of https may not open ws: use wss:');
  }
  // Firefox tells; the other engines say 1006 for everything.
  if (handshake.outcome === 'closed' && handshake.code === 1015) {
    return because('tls', 'certain', 'close code 1015 means TLS: look at the certificate of the server');
  }
  if (twin.outcome === 'answered') {
    if (hasServiceWorker) evidence.push('a service worker may have answered the plain request');
    const answered =
      twin.status === null
        ? `${host} answers a plain request, with a status that this page may not read`
        : `${host} answers a plain request with status ${twin.status}`;
    const cause = handshake.outcome === 'silent' ? 'unanswered' : 'refused';
    return because(cause, hasServiceWorker ? 'likely' : 'certain', answered, twin.status);
  }
  evidence.push(
    twin.outcome === 'blocked'
      ? `the Content-Security-Policy forbids to ask ${host} by plain request`
      : `a plain request to ${host}: ${twin.outcome}`,
  );
  if (plain.outcome === 'answered') {
    return because('tls', 'likely', `${host} answers without TLS, and with it does not`);
  }
  if (!isOnline) evidence.push('the browser says that there is no network');
  const isCutOff = own.outcome === 'failed' || own.outcome === 'silent';
  if (isCutOff) evidence.push("the page's own server does not answer");
  if (!isOnline && own.outcome !== 'answered') {
    return because('offline', isCutOff ? 'certain' : 'likely', 'all of it points to the device');
  }
  if (isCutOff && new URL(pageOrigin ?? target).hostname !== target.hostname) {
    return because('offline', 'likely', 'two servers at once: the network of the device');
  }
  if (own.outcome === 'answered') evidence.push("the page's own server answers");
  if (twin.outcome === 'silent') {
    return because(
      'unreachable',
      'likely',
      `nothing came back within ${timeoutMs} ms: a firewall, or the server is down`,
    );
  }
  // A server whose answers are closed to other origins (Cross-Origin-Resource-Policy) fails as one that is not there.
  return twin.outcome === 'failed' && isOwn
    ? because('unreachable', 'likely', 'the server of the page does not answer any more')
    : because(
        'unreachable',
        'guess',
        'a closed port, an unknown name, TLS and an answer closed to this page look the same',
      );
}

/** Loopback is as good as https to a browser. */
function isLoopback(hostname: string): boolean {
  return /^(?:.+\.)?localhost$|^127\.|^\[::1\]$/.test(hostname);
}
