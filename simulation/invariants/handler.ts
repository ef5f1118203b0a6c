import type { Run } from '../world/ledger.ts';
import { USER } from '../world/tokens.ts';
import type { World } from '../world/world.ts';

// Which messages the app's handler may run, when, for whom, and with the mark of a redelivery or without.

export function runStarts(world: World, run: Run): void {
  const { producer: id, seq, label } = run;
  const producer = world.ledger.producer(id);
  const who = `${id}:${seq} (message ${label})`;
  if (producer.running !== null) {
    world.fault('never two runs of a producer at once', `${who} starts while ${id}:${producer.running.seq} runs`);
  }
  const isPreviousSettled = seq - 1 <= producer.floor || producer.settled.has(seq - 1);
  if (!isPreviousSettled) {
    world.fault('a run starts after the seq before is settled', `${who} starts before ${id}:${seq - 1} is settled`);
  }
  if (producer.settled.get(seq) === 'withdrawn' && world.ledger.isWithdrawn(label)) {
    world.fault('withdrawn is for ever', `${who} runs after its owner withdrew it`);
  }
  const sent = world.ledger.sent.get(label);
  if (sent === undefined) {
    world.fault('only what was sent runs', `${who} was never sent`);
    return;
  }
  if (sent.receipt.id !== run.id) {
    world.fault('one id for life', `${who}: the app knows it as ${sent.receipt.id}, the handler as ${run.id}`);
  }
  if (sent.outcome === 'EXPIRED' || sent.outcome === 'ABORTED' || sent.outcome === 'QUEUE_FULL') {
    world.fault('what is withdrawn never runs', `${who} runs though its receipt said ${sent.outcome}`);
  }
  const before = world.ledger.runsOf(label);
  const hadEffect = before.some((earlier) => earlier.hasEffect);
  if (hadEffect && !run.isMarked) {
    world.fault('an unmarked double never happens', `${who} was taken before, and runs again without the mark`);
  }
  if (world.server.settings.mode === 'hook') {
    if (hadEffect) world.fault('with the position hook exactly once', `${who} was taken before, and runs again`);
    if (run.isMarked) world.fault('with the position hook nothing is in doubt', `${who} carries the mark`);
  }
  // A server that lost its memory asks again, and says so; the position hook keeps what took effect, and no refusals.
  const wasRefused = before.some((earlier) => earlier.outcome === 'refused');
  if (wasRefused && !run.isMarked && world.server.settings.mode !== 'hook') {
    world.fault('a refusal is for good', `${who} was refused before, and runs again without the mark`);
  }
  const written = world.ledger.written.get(label);
  const isOwnLog = written !== undefined && written.pages.size === 1 && written.pages.has(sent.page);
  // Who takes a log over can't know what of it was sent before.
  const isRecovered = world.devices.some(({ disk }) => (disk.everLogs.get(id)?.claimants.length ?? 0) > 0);
  if (run.isMarked && isOwnLog && !isRecovered && written.count === 1) {
    world.fault('the mark stays rare', `${who} carries the mark and was on no wire before`);
  }
}

export function handlersAtOnce(world: World, count: number): void {
  const { handlers } = world.server.settings;
  if (count > handlers) world.fault('handlers at once are bounded', `${count} run, ${handlers} may`);
}

/** Where clients prove who they are. */
export function runIsAllowed(world: World, { id, label }: Run, identity: string, session: string): void {
  if (identity !== USER) {
    world.fault('one identity is not another', `message ${label} (${id}) of ${USER} runs as ${identity}`);
  }
  for (const [page, sessions] of world.sessions) {
    if (!sessions.some((each) => each.session === session)) continue;
    const carrier = [...world.tap.facts.values()].filter((facts) => facts.session === session).at(-1);
    if (carrier !== undefined && world.tokens.isKnownAsStrange(carrier.token ?? '')) {
      world.fault('one identity is not another', `${id} runs for #${carrier.link.id}, which gave a token of another`);
    }
    const until = world.tokens.believed.get(page) ?? 0;
    if (until > world.clock.now) continue;
    world.fault('nothing runs for a token that has ended', `${id} of ${page.name} runs, whose token ended at ${until}`);
  }
}
