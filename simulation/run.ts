import { count, countInto, type Coverage } from './coverage.ts';
import { act } from './faults/act.ts';
import { endFaults, goOn } from './faults/end.ts';
import { checkEnd, unsettled } from './invariants/end.ts';
import { makePlan, type Plan } from './plan.ts';
import { situations } from './situations.ts';
import { drained } from './world/clock.ts';
import { Tab } from './world/tab.ts';
import { type Fault, World } from './world/world.ts';

export interface RunOptions {
  /** Called with each line of the trace as it is made. */
  readonly print?: (line: string) => void;
  /** Lines of the trace that the result keeps. Default 120. */
  readonly traceLines?: number;
  /** Another plan than the seed's own: a shrunk one. */
  readonly plan?: Plan;
  readonly coverage?: Coverage;
}

export interface RunResult {
  readonly seed: number;
  readonly fault: Fault | null;
  readonly trace: readonly string[];
  /** The same for two runs exactly when they went the same way. */
  readonly fingerprint: string;
  /** Virtual milliseconds, and tasks run. */
  readonly ranMs: number;
  readonly tasks: number;
}

/** After the faults have ended, all must be settled within this virtual time. */
const SETTLE_MS = 120_000;
/** And for each message that kills connections: it takes five of them, each after a longer wait or a breaker's, to prove that. */
const POISON_MS = 600_000;
const SETTLE_STEP_MS = 500;
/** And every `close()` within this. */
const CLOSE_MS = 20_000;

/** Runs the world of a seed to its end, or to its first fault. */
export async function runSeed(seed: number, options: RunOptions = {}): Promise<RunResult> {
  const plan = options.plan ?? makePlan(seed);
  if (options.coverage !== undefined) countInto(options.coverage);
  const world = new World(seed, plan.server, {
    traceLines: options.traceLines ?? 120,
    ...(options.print !== undefined && { print: options.print }),
  });
  const rejections: unknown[] = [];
  const onRejection = (cause: unknown): void => void rejections.push(cause);
  process.on('unhandledRejection', onRejection);
  try {
    await play(world, plan);
    // Node reports what nobody caught after the turn.
    await new Promise((resolve) => setImmediate(resolve));
    if (rejections.length > 0) {
      const [first] = rejections;
      world.fault(
        'no promise is left to itself',
        first instanceof Error ? (first.stack ?? first.message) : String(first),
      );
    }
  } finally {
    process.off('unhandledRejection', onRejection);
  }
  return {
    seed,
    fault: world.broken,
    trace: world.trace.last,
    fingerprint: world.trace.fingerprint,
    ranMs: world.clock.now,
    tasks: world.clock.ran,
  };
}

async function play(world: World, plan: Plan): Promise<void> {
  await drained();
  world.settleAt = plan.settleAt;
  world.network.latencyMs = plan.network.latencyMs;
  world.network.jitterMs = plan.network.jitterMs;
  world.server.start();
  for (const name of plan.devices) world.addDevice(name, plan.pageMessages);
  for (const { name, device, settings } of plan.tabs) {
    const its = world.devices[device];
    if (its === undefined) throw new Error(`no device ${device}`);
    const tab = new Tab(world, name, its, settings);
    world.tabs.push(tab);
    world.clock.after(0, () => tab.open());
  }
  for (const action of plan.actions) world.clock.after(action.at, () => act(world, plan, action));
  await world.run(plan.settleAt);
  if (world.broken !== null) return;

  world.clock.after(0, () => endFaults(world, plan));
  let left: readonly string[] = ['it has just begun'];
  const settleMs = SETTLE_MS + POISON_MS * world.ledger.poison.size;
  for (let until = plan.settleAt; until < plan.settleAt + settleMs && left.length > 0;) {
    world.clock.after(0, () => goOn(world));
    until += SETTLE_STEP_MS;
    await world.run(until);
    if (world.broken !== null) return;
    left = unsettled(world);
  }
  if (left.length > 0) {
    world.fault('all comes to rest', `${settleMs} ms after the last fault: ${left.slice(0, 8).join('; ')}`);
    return;
  }

  world.clock.after(0, () => {
    for (const tab of world.tabs) tab.close({ flushMs: 0, discard: false });
  });
  await world.run(world.clock.now + CLOSE_MS);
  if (world.broken !== null) return;
  for (const tab of world.tabs) {
    const { current } = tab;
    if (current !== null && current.page.isRunning && !current.isClosed) {
      world.fault('close() ends', `${current.page.name} has not closed within ${CLOSE_MS} ms`);
    }
  }
  checkEnd(world);
  for (const situation of situations(world)) count(situation);
}

/** What a failure prints: the seed, what broke, what led to it, and the command that runs it again. */
export function describeFailure({ seed, fault, trace }: RunResult): string {
  return [
    `seed ${seed}: ${fault?.invariant ?? 'nothing broke'}`,
    fault?.text ?? '',
    '',
    ...trace.slice(-60),
    '',
    `again: npm run sim -- --seed ${seed} --trace`,
  ].join('\n');
}
