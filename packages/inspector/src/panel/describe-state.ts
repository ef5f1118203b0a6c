import type { StateRecord } from '../record/records.ts';
import { formatLong } from './format.ts';

const PAUSES: { readonly [Reason in StateRecord['reason']]?: string } = {
  frozen: 'Paused while the page is frozen: it goes on with the page',
  hidden: 'Paused while the page is hidden: it goes on with the page',
};

/** What the connection is doing, and what comes next. */
export function describeState(state: StateRecord | null, now: number): string {
  if (state === null) return 'Nothing is known of a connection yet.';
  const { phase, reason, attempt, retryAt } = state;
  const why = state.code === null ? '' : ` (${state.code})`;
  const inTime = retryAt === null ? null : retryAt - now < 1_000 ? 'at once' : `in ${formatLong(retryAt - now)}`;
  switch (phase) {
    case 'idle':
      return 'Not started: connect() opens a connection.';
    case 'connecting':
      return attempt === 0
        ? 'A connection is being made.'
        : `A connection is being made; ${tries(attempt)} so far${why}.`;
    case 'open':
      return 'Messages flow.';
    case 'waiting':
      return `${lossOf(state)}${why}. Next try ${inTime ?? 'when it may'}${attempt === 0 ? '' : `; ${tries(attempt)} so far`}.`;
    case 'paused':
      return `${PAUSES[reason] ?? 'Paused by the app: connect() goes on'}.`;
    case 'suspended':
      return `${reason === 'refused' ? 'The server refused for good' : `Gave up, ${tries(attempt)}`}${why}: connect() tries again${inTime === null ? '' : `, or it does by itself ${inTime}`}.`;
    case 'closing':
      return 'The app closes it.';
    case 'closed':
      return `Closed for good${why}.`;
  }
}

function lossOf({ reason, code }: StateRecord): string {
  if (reason === 'offline') return 'The browser says that there is no network';
  return code === 'CONNECT_FAILED' ? 'No connection could be made' : 'The connection is lost';
}

/** The failed tries, where they mean something: an open connection has none until it is lost again. */
export function describeChange({ phase, reason, code, attempt }: StateRecord): string {
  const isTrying = phase === 'connecting' || phase === 'waiting' || phase === 'suspended';
  return [reason, code, isTrying && attempt > 0 ? tries(attempt) : null].filter(Boolean).join(' · ');
}

function tries(attempt: number): string {
  return attempt === 1 ? '1 try failed' : `${attempt} tries failed`;
}
