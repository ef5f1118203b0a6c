import type { EventRecord } from './session/app.ts';

/** Of each name at most one line comes in this time: who is refused as fast as he can shall not fill the log. */
const LINE_EVERY_MS = 1_000;

/**
 * The sink of a server whose app gives none, so that a handler that throws and a page that is turned away are not silent.
 * What a limit has stopped is counted in `metrics()` and not told here: that is everyday life.
 */
export function consoleWarnings(): (record: EventRecord) => void {
  const toldAt = new Map<string, number>();
  return ({ level, name, message, details, cause }) => {
    if (level === 'debug' || level === 'info' || name === 'limit.reached') return;
    const now = performance.now();
    if (now - (toldAt.get(name) ?? Number.NEGATIVE_INFINITY) < LINE_EVERY_MS) return;
    toldAt.set(name, now);
    const parts = [`[holdfast] ${name}`, message, details && JSON.stringify(details)].filter(Boolean).join(' ');
    // oxlint-disable-next-line no-console -- the one place that speaks where the app gives no sink
    console.warn(cause === undefined ? parts : `${parts} (its message: record.cause in onEvent)${framesOf(cause)}`);
  };
}

/** Where something was thrown: its stack without its message, which may quote a payload or a token. */
function framesOf(cause: unknown): string {
  if (!(cause instanceof Error)) return '';
  const { message, stack = '' } = cause;
  const start = stack.indexOf(message);
  // A message that was changed later may be another one than that of the stack.
  if (start < 0) return '';
  const frames = stack
    .slice(start + message.length)
    .split('\n')
    .filter((line) => line.startsWith('    at '));
  return ['', ...frames].join('\n');
}
