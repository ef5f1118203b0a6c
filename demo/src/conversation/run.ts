/** A tab's own series of numbers. It goes on after a reload and ends with the tab. */
export interface Run {
  readonly id: string;
  /** Takes the next numbers and returns the first of them. */
  readonly take: (amount: number) => number;
  /** The newest number that was taken; 0: none. */
  readonly last: number;
  /** Whether the page before a reload has sent something already. */
  readonly isContinued: boolean;
}

const RUN_KEY = 'holdfast-demo.run';
const NEXT_KEY = 'holdfast-demo.next-number';
const LOCK_WAIT_MS = 500;

/** Goes on with this tab's run, or starts one. */
export async function openRun(storage: Storage): Promise<Run> {
  const known = storage.getItem(RUN_KEY);
  // A duplicated tab starts with a copy of everything in sessionStorage. The lock tells the two apart: after a reload
  // the old page lets go of it, a tab that lives does not.
  if (known !== null && (await holdLock(known))) return run(storage, known);
  const fresh = randomName();
  await holdLock(fresh);
  storage.setItem(RUN_KEY, fresh);
  storage.setItem(NEXT_KEY, '1');
  return run(storage, fresh);
}

/** 128 bits of chance. `randomUUID` is missing on plain http. */
function randomName(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The tab's next page starts a run of its own. */
export function forgetRun(storage: Storage): void {
  storage.removeItem(RUN_KEY);
  storage.removeItem(NEXT_KEY);
}

function run(storage: Storage, id: string): Run {
  let next = Number(storage.getItem(NEXT_KEY) ?? '1');
  return {
    id,
    isContinued: next > 1,
    get last() {
      return next - 1;
    },
    take: (amount) => {
      const first = next;
      next += amount;
      // Written before anything is sent: a page that ends in between leaves a hole, never one number on two messages.
      storage.setItem(NEXT_KEY, String(next));
      return first;
    },
  };
}

/** Takes the run's lock until this page ends. Resolves with false when another page keeps it. */
function holdLock(id: string): Promise<boolean> {
  // Missing on plain http: there a duplicated tab can't be told from a reload, and starts a run of its own.
  const locks = navigator.locks as LockManager | undefined;
  if (locks === undefined) return Promise.resolve(false);
  return new Promise((resolve) => {
    const untilThePageEnds = new Promise<never>(() => {});
    const isHeld = (): Promise<never> => {
      resolve(true);
      return untilThePageEnds;
    };
    locks
      .request(`holdfast-demo.run.${id}`, { signal: AbortSignal.timeout(LOCK_WAIT_MS) }, isHeld)
      .catch(() => resolve(false));
  });
}
