import { Refuse } from '../../packages/server/src/session/errors.ts';
import type { EngineMessage } from '../../packages/server/src/session/app.ts';
import { handlersAtOnce, runIsAllowed, runStarts } from '../invariants/handler.ts';
import { labelOf, type Run } from './ledger.ts';
import type { Incarnation } from './server-process.ts';
import type { World } from './world.ts';

/** What an app's transaction holds until it commits. */
export interface Tx {
  readonly positions: { readonly producer: string; readonly seq: number }[];
}

/** The app's handler: it takes its time, refuses, fails, and has its effect at some moment of its run. */
export async function handle(
  world: World,
  process: Incarnation,
  message: EngineMessage,
  session: string,
): Promise<void> {
  const chance = world.chances.handler;
  const label = labelOf(message.data);
  const producer = message.id.slice(0, message.id.lastIndexOf(':'));
  const run: Run = {
    order: world.ledger.nextRun(),
    label,
    id: message.id,
    producer,
    seq: message.seq,
    isMarked: message.redelivered,
    startedAt: world.clock.now,
    outcome: 'running',
    hasEffect: false,
  };
  world.trace.add(process.name, `runs ${message.id} (${label})${message.redelivered ? ' redelivered' : ''}`);
  runStarts(world, run);
  handlersAtOnce(world, process.runs.size + 1);
  if (world.server.settings.hasAuth) runIsAllowed(world, run, message.identity, session);
  const facts = world.ledger.producer(producer);
  world.ledger.addRun(run);
  facts.running = run;
  process.runs.add(run);
  const end = (outcome: Run['outcome']): void => {
    world.trace.add(process.name, `${message.id} (${label}) ${outcome}`);
    run.outcome = outcome;
    process.runs.delete(run);
    if (facts.running === run) facts.running = null;
  };
  const kind = chance.weighted({
    quick: 50,
    turn: 25,
    short: 15,
    slow: world.isSettling ? 0 : world.server.settings.slowHandlers,
  });
  if (kind !== 'turn') {
    const ms =
      kind === 'quick' ? chance.between(0, 5) : kind === 'short' ? chance.between(5, 200) : chance.between(500, 6_000);
    await process.sleep(ms);
  }
  if (label % 17 === 16) {
    end('refused');
    facts.settled.set(run.seq, 'refused');
    throw new Refuse('not today', { code: 'NOT_TODAY', details: { label } });
  }
  // Some messages fail at every try, the others now and then.
  if (label % 13 === 12 || chance.hits(0.04)) {
    end('thrown');
    if (world.server.countFailure(label)) facts.settled.set(run.seq, 'refused');
    throw new Error(`handler failed on ${label}`);
  }
  if (world.server.settings.mode === 'hook') {
    const tx: Tx = { positions: [] };
    message.commit(tx);
    await world.server.database.commit(process, tx, () => {
      run.hasEffect = true;
      facts.settled.set(run.seq, 'taken');
    });
  } else {
    run.hasEffect = true;
    facts.settled.set(run.seq, 'taken');
    world.server.hadEffect();
    if (chance.hits(0.2)) await process.sleep(chance.between(0, 50));
  }
  end('done');
}
