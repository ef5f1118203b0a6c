import { Random } from './random.ts';
import { shrink } from './shrink.ts';

/** Where plans come from, and how one is carried out. */
export interface ExploreOptions<Action> {
  /** How many seeds, from 1 on, or the seeds themselves: the one of a failure, to see it again. */
  readonly seeds: number | Iterable<number>;
  /** Makes the plan of a seed. All chance must come from `random`, or the seed tells nothing. */
  plan(random: Random, seed: number): readonly Action[];
  /**
   * Carries a plan out, in a world of its own, and throws when something is wrong. It gets plans of which any actions are
   * left out: one that makes no sense then must be passed over, not thrown at.
   */
  run(actions: readonly Action[], seed: number): void | Promise<void>;
  /** Most runs to make a failing plan smaller. Default 1,000; 0 leaves it as it is. */
  readonly maxShrinkRuns?: number;
  /** Whether two errors are one failure. Default: their names, and `code` where they have one, are equal. */
  isSame?(error: unknown, other: unknown): boolean;
}

/** A plan that failed. The message has the seed, the plan, and what was thrown. */
export class PlanFailed<Action = unknown> extends Error {
  override readonly name = 'PlanFailed';
  readonly seed: number;
  /** The smallest plan found. */
  readonly actions: readonly Action[];
  /** How many actions the seed's own plan had. */
  readonly planned: number;

  constructor(seed: number, actions: readonly Action[], planned: number, cause: unknown) {
    const lines = actions.map((action) => `  ${JSON.stringify(action)}`);
    const what = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    super(`seed ${seed} failed with ${actions.length} of ${planned} actions:\n${lines.join('\n')}\n${what}`, { cause });
    this.seed = seed;
    this.actions = actions;
    this.planned = planned;
  }
}

/**
 * Makes a plan from each seed and carries it out, one after the other. At the first that fails it leaves actions out as
 * long as the failure stays. Resolves with the number of seeds.
 * @throws PlanFailed
 */
export async function explore<Action>(options: ExploreOptions<Action>): Promise<number> {
  const { seeds, maxShrinkRuns = 1_000 } = options;
  const isSame = (error: unknown, other: unknown): boolean =>
    options.isSame?.(error, other) ?? looksAlike(error, other);
  let count = 0;
  for (const seed of typeof seeds === 'number' ? Array.from({ length: seeds }, (_, index) => index + 1) : seeds) {
    count += 1;
    const planned = options.plan(new Random(seed, 'plan'), seed);
    const failure = await failureOf(options, planned, seed);
    if (failure === null) continue;
    let { cause } = failure;
    const actions = await shrink(
      planned,
      async (fewer) => {
        const again = await failureOf(options, fewer, seed);
        if (again === null || !isSame(again.cause, failure.cause)) return false;
        ({ cause } = again);
        return true;
      },
      maxShrinkRuns,
    );
    throw new PlanFailed(seed, actions, planned.length, cause);
  }
  return count;
}

async function failureOf<Action>(
  options: ExploreOptions<Action>,
  actions: readonly Action[],
  seed: number,
): Promise<{ readonly cause: unknown } | null> {
  try {
    await options.run(actions, seed);
    return null;
  } catch (cause) {
    return { cause };
  }
}

function looksAlike(error: unknown, other: unknown): boolean {
  const kind = (thrown: unknown): string => {
    const { name, code } = Object(thrown) as { name?: unknown; code?: unknown };
    return `${String(name)} ${String(code)}`;
  };
  return kind(error) === kind(other);
}
