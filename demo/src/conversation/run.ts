/** A tab's own series of numbers. It goes on after a reload and ends with the tab. */
export interface Run {
  readonly id: string;
  /** Takes the next numbers and returns the first of them. */
  readonly take: (amount: number) => number;
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
  const fresh = crypto.randomUUID();
  await holdLock(fresh);
  storage.setItem(RUN_KEY, fresh);
  storage.setItem(NEXT_KEY, '1');
  return run(storage, fresh);
}

/** The tab's next page starts a run of its own. */
export function forgetRun(storage: Storage): void {
  storage.removeItem(RUN_KEY);
  storage.removeItem(NEXT_KEY);
}

function run(storage: Storage, id: string): Run {
  const read = (): number => Number(storage.getItem(NEXT_KEY) ?? '1');
  return {
    id,
    isContinued: read() > 1,
    take: (amount) => {
      const first = read();
      // Written before anything is sent: a page that ends in between leaves a hole, never one number on two messages.
      storage.setItem(NEXT_KEY, String(first + amount));
      return first;
    },
  };
}

/** Takes the run's lock until this page ends. Resolves with false when another page keeps it. */
function holdLock(id: string): Promise<boolean> {
  return new Promise((resolve) => {
    const untilThePageEnds = new Promise<never>(() => {});
    const isHeld = (): Promise<never> => {
      resolve(true);
      return untilThePageEnds;
    };
    navigator.locks
      .request(`holdfast-demo.run.${id}`, { signal: AbortSignal.timeout(LOCK_WAIT_MS) }, isHeld)
      .catch(() => resolve(false));
  });
}
