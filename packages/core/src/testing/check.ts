/** One requirement of a port, for any test runner: `for (const { name, run } of cases) it(name, run)`. */
export interface ConformanceCase {
  readonly name: string;
  /** Throws, or rejects, when the requirement is not met. */
  readonly run: () => Promise<void>;
}

/** @throws Error with both, when they differ. Plain data is compared by its content, in depth. */
export function equal(actual: unknown, expected: unknown, what = 'the result'): void {
  if (isEqual(actual, expected)) return;
  throw new Error(`${what} must be ${show(expected)}, not ${show(actual)}`);
}

/** @throws Error when it resolves, or rejects with what is no `kind` */
export async function rejects(promise: Promise<unknown>, kind: new () => Error = Error): Promise<void> {
  const [outcome] = await Promise.allSettled([promise]);
  if (outcome.status === 'fulfilled') throw new Error(`it must reject, but gave ${show(outcome.value)}`);
  const reason = outcome.reason as unknown;
  if (!(reason instanceof kind)) throw new Error(`it must reject with ${kind.name}, not ${String(reason)}`);
}

function isEqual(actual: unknown, expected: unknown): boolean {
  if (Object.is(actual, expected)) return true;
  if (typeof actual !== 'object' || typeof expected !== 'object' || actual === null || expected === null) return false;
  if (Array.isArray(actual) !== Array.isArray(expected)) return false;
  const [ours, theirs] = [Object.entries(actual), new Map<string, unknown>(Object.entries(expected))];
  return (
    ours.length === theirs.size && ours.every(([key, value]) => theirs.has(key) && isEqual(value, theirs.get(key)))
  );
}

function show(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? String(value) : text.slice(0, 500);
}
