import type { Run, Sent } from './world/ledger.ts';
import { isAccepted, type Mail } from './world/mail.ts';
import type { LinkFacts } from './world/tap.ts';
import type { Heard, Running, Tab } from './world/tab.ts';
import type { Page } from './world/page.ts';
import { isUnreadable, laneOf, textOf } from './world/payloads.ts';
import { USER } from './world/tokens.ts';
import type { World } from './world/world.ts';

/**
 * What must hold, whatever fails: the guarantees of docs/protocol.md and the invariants behind them. Each check knows
 * only what the world saw, and says in its text which message, link or page breaks it.
 */

// The handler.

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

// The receipts.

export function stored(world: World, sent: Sent): void {
  const tab = world.tabs.find(({ name }) => name === sent.tab);
  if (tab?.settings.outbox === 'memory' && !world.ledger.hasTaken(sent.label)) {
    world.fault('memory stores nothing', `message ${sent.label} in a memory outbox says that it is stored`);
  }
  const isOnDisk = [...(tab?.device.disk.logs.values() ?? [])].some((log) =>
    [...log.segments.values()].some(({ messages }) =>
      messages.some(({ payload }) => textOf(payload).includes(`:${sent.label}}`)),
    ),
  );
  // The news may come late, to a page that was frozen: by then another page may have let it expire.
  const hasExpired = sent.wasStored && sent.ttlMs !== null;
  if (!isOnDisk && !hasExpired && !sent.isLost && !isDecided(world, sent.label)) {
    world.fault('stored is stored', `message ${sent.label} says that it is stored, and is neither on disk nor decided`);
  }
}

export function settled(world: World, sent: Sent): void {
  const { label, outcome } = sent;
  const runs = world.ledger.runsOf(label);
  switch (outcome) {
    case 'delivered':
      if (!world.ledger.hasTaken(label)) {
        world.fault('delivered is taken', `message ${label} says delivered, and no handler took it`);
      }
      return;
    case 'EXPIRED':
    case 'ABORTED':
    case 'QUEUE_FULL':
      // A run that failed, or died before its effect, took nothing.
      if (runs.some((run) => run.hasEffect || run.outcome === 'running')) {
        world.fault('what is withdrawn never runs', `message ${label} is ${outcome} and has run`);
      }
      if (outcome === 'EXPIRED' && world.clock.now - sent.at < (sent.ttlMs ?? Infinity) - 1) {
        world.fault(
          'nothing expires early',
          `message ${label} expired ${world.clock.now - sent.at} ms after send, its ttlMs is ${sent.ttlMs}`,
        );
      }
      return;
    case 'REFUSED':
      if (!runs.some((run) => run.outcome === 'refused')) {
        world.fault('a refusal is the handler’s', `message ${label} says REFUSED, and no handler refused it`);
      }
      return;
    case 'HANDLER_FAILED':
      if (!runs.some((run) => run.outcome === 'thrown')) {
        world.fault('a failure is the handler’s', `message ${label} says HANDLER_FAILED, and no handler failed`);
      }
      return;
    case 'INVALID_MESSAGE':
      if (!isUnreadable(world.seed, label) || runs.length > 0) {
        world.fault('no lawful message is turned down', `message ${label}: ${outcome}, ${runs.length} runs`);
      }
      return;
    case 'MESSAGE_TOO_LARGE': {
      const { maxBytes = Infinity } = tabOf(world, sent).settings.bounds;
      if (sent.bytes <= maxBytes || runs.length > 0) {
        world.fault('no lawful message is turned down', `message ${label}: ${outcome}, ${runs.length} runs`);
      }
      return;
    }
    case 'MESSAGE_POISONOUS':
      if (!world.ledger.poison.has(label)) world.fault('only poison is blamed', `message ${label}: ${outcome}`);
      return;
    case 'PROTOCOL_ERROR':
      world.fault('no lawful message is turned down', `message ${label}: ${outcome}`);
      return;
    default:
      return;
  }
}

function tabOf(world: World, { tab }: Sent): Tab {
  return world.tabs.find(({ name }) => name === tab) as Tab;
}

/** Whether the handler has said its last word on it. */
function isDecided(world: World, label: number): boolean {
  const sent = world.ledger.sent.get(label);
  const runs = world.ledger.runsOf(label);
  // Whoever came to it last has set it aside, or will.
  if (world.ledger.poison.has(label)) return true;
  if (runs.some((run) => run.hasEffect || run.outcome === 'refused')) return true;
  if (runs.length > 0 && runs.at(-1)?.outcome === 'thrown' && sent !== undefined) {
    return sent.receipt.error?.code === 'HANDLER_FAILED' || world.server.hasGivenUp(label);
  }
  return false;
}

// Server messages.

export function heard(world: World, running: Running): void {
  const { page } = running;
  const now = running.heard.at(-1) as Heard;
  const identity = world.tokens.identityOf.get(now.session ?? '');
  if (identity !== undefined && identity !== USER) {
    world.fault('one identity is not another', `${page.name} hears what is said to ${identity}`);
  }
  const current = world.sessions.get(page)?.at(-1);
  if (now.session !== current?.session) {
    world.fault('server messages belong to the session', `${page.name} hears ${now.session} in ${current?.session}`);
    return;
  }
  let last = 0;
  const gaps: Heard[] = [];
  for (const item of running.heard.slice(0, -1)) {
    if (item.session !== now.session) continue;
    if (item.type === 'gap') gaps.push(item);
    else {
      last = item.k;
      gaps.length = 0;
    }
  }
  if (now.k <= last) {
    world.fault('server messages arrive once, in order', `${page.name} hears ${now.session}:${now.k} after ${last}`);
    return;
  }
  const { server } = world;
  const isIn = ({ gap }: Heard, k: number): boolean => {
    const offset = server.offsetOf(now.session as string, k);
    return gap !== null && gap.to !== null && gap.from <= offset && offset <= gap.to;
  };
  const ranges = (): string => JSON.stringify(gaps.map(({ gap }) => gap));
  for (let k = last + 1; k < now.k; k += 1) {
    if (gaps.some((each) => isIn(each, k))) continue;
    world.fault(
      'a gap is named exactly',
      `${page.name} misses ${now.session}:${last + 1} to ${now.k - 1}; told ${ranges()}`,
    );
    return;
  }
  if (gaps.some((each) => isIn(each, now.k) || (last > 0 && isIn(each, last)))) {
    world.fault('a gap is named exactly', `${page.name} has ${now.session}:${last} and ${now.k}; told ${ranges()}`);
  }
}

/** Before it counts as heard: a message to the user. */
export function mailHeard(world: World, running: Running, session: string, n: number): void {
  const { mail } = world.ledger;
  const who = `${running.page.name} has mail ${n} in ${session}`;
  const status = mail.get(n)?.status;
  if (status === undefined || status === 'duplicate' || status === 'dropped' || status === 'failed') {
    world.fault('what was not taken does not arrive', `${who}, which is ${status ?? 'nobody’s'}`);
  }
  const last = running.mail.filter((each) => each.session === session).at(-1)?.n;
  if (last === undefined) return;
  if (n <= last) world.fault('mail comes once in a session, in order', `${who} after ${last}`);
  for (let between = last + 1; between < n; between += 1) {
    const missed = mail.get(between) as Mail;
    if (isOwed(running, missed)) {
      world.fault('mail comes once in a session, in order', `${who} after ${last}, and ${between} never came`);
    }
  }
}

/** Whether a page's app has a right to a message to the user, whenever its session began. */
function isOwed(running: Running, mail: Mail): boolean {
  if (!isAccepted(mail) || mail.ttlMs !== null || mail.isForgotten) return false;
  // What another session has acknowledged may fall out of the replay buffer like any other message, and is told as lost.
  return running.heard.every(({ gap }) => gap === null || gap.reason === 'unknown-session');
}

/** At the end: mail that nobody has had, or a session that was there has not had. */
function mailLeft(world: World): readonly string[] {
  if (world.live.length === 0) return [];
  const left: string[] = [];
  for (const mail of world.ledger.mail.all) {
    if (isAccepted(mail) && mail.ttlMs === null && !mail.isForgotten && mail.heardIn.size === 0) {
      left.push(`mail ${mail.n} has reached nobody`);
    }
    for (const running of world.live) {
      const session = world.sessions.get(running.page)?.at(-1)?.session;
      if (session === undefined || !mail.sessions.has(session) || mail.heardIn.has(session)) continue;
      if (isOwed(running, mail)) left.push(`${running.page.name} misses mail ${mail.n} in ${session}`);
    }
  }
  return left;
}

/** The server's count in the last message that arrived of this session. */
function lastHeard(running: Running, session: string): number {
  let last = 0;
  for (const item of running.heard) if (item.type === 'message' && item.session === session) last = item.k;
  return last;
}

/** At the end: what the server said to this page has arrived, or the page knows. */
export function missing(world: World, running: Running): string | null {
  const { page } = running;
  const sessions = world.sessions.get(page) ?? [];
  for (const [place, { session }] of sessions.entries()) {
    const said = world.server.saidTo(session);
    if (world.ledger.ended.has(session)) continue;
    const last = lastHeard(running, session);
    if (last === said) continue;
    const isNamed = (k: number): boolean => {
      const offset = world.server.offsetOf(session, k);
      return running.heard.some(({ gap }) => gap !== null && gap.from <= offset && offset <= (gap.to ?? Infinity));
    };
    const missed = Array.from({ length: said - last }, (_, index) => last + 1 + index);
    if (!missed.every(isNamed)) {
      const which = place === sessions.length - 1 ? 'its session' : 'a former session';
      return `${page.name} misses ${session}:${last + 1} to ${said} of ${which} and was told nothing`;
    }
  }
  return null;
}

// Connections.

/** Four parts of 250 ms, as a hint asks. */
const SHORTEST_DEADLINE_MS = 1_000;

export function clientGaveUp(world: World, facts: LinkFacts, code: number): void {
  const { link, page, ping } = facts;
  // One that has not said hello yet is a rival that is not needed.
  if (page.runsEventOf > 0 && page.runsEventOf < link.id && facts.n > 0) {
    world.fault(
      'an old connection never ends a newer one',
      `an event of #${page.runsEventOf} made the page close #${link.id}`,
    );
  }
  if (
    code === 1000 &&
    facts.n > 0 &&
    facts.token?.startsWith('other') !== true &&
    world.runningOf(page)?.isClosing === false
  ) {
    const isReplaced = [...world.tap.facts.values()].some(
      (other) => other.page === page && other.n > facts.n && other.isWelcomed,
    );
    if (!isReplaced) {
      world.fault('a session ends with its socket only', `#${link.id} is closed with 1000 and nothing replaced it`);
    }
  }
  if (code !== 4408) return;
  world.verdicts += 1;
  if (ping === null) {
    world.fault('a peer is dead only after a ping', `#${link.id} is given up with 4408 and owes no answer`);
    return;
  }
  const ran = page.ranMs - ping.ranMs;
  const stops = page.stops - ping.stops;
  // One stop swallows a part of the deadline; only a second one can swallow the last, in which the mail would be heard.
  const sleptTwice = stops > 1 && page.stoppedAt === world.clock.now;
  // After a whole deadline of a running page the peer has had its time, whatever comes in the same moment.
  if (page.hasMailOf(link.id) && ran < SHORTEST_DEADLINE_MS && !sleptTwice) {
    world.fault('a late timer is no dead peer', `#${link.id} is given up with 4408 while its mail waits for the page`);
  }
  // Each time that the page stood still may have swallowed one of the four parts of the shortest deadline.
  const least = SHORTEST_DEADLINE_MS * (1 - Math.min(4, stops) / 4);
  if (ran < least - 1) {
    world.fault(
      'a late timer is no dead peer',
      `#${link.id} is given up with 4408 though the page ran only ${ran} ms since its ping, and stood still ${stops} times`,
    );
  }
  const isTroubled =
    link.troubledAt !== null || world.network.wasSlowSince(ping.at) || world.server.stoodStillSince(ping.at - 1_000);
  if (!isTroubled) {
    world.fault(
      'a live peer is never taken for dead',
      `#${link.id} is given up with 4408, and nothing was wrong with it`,
    );
  }
}

export function waitsWithoutTimer(world: World, page: Page): void {
  const { phase, retryAt } = world.runningOf(page)?.socket.getState() ?? {};
  if ((phase === 'waiting' || phase === 'suspended') && (retryAt ?? null) !== null) {
    world.fault('never stuck', `${page.name} is ${phase} and no timer will end that`);
  }
}

export function serverGaveUp(world: World, facts: LinkFacts, code: number | null): void {
  const { link, page } = facts;
  const isReplaced = world.tap.isReplaced(facts);
  switch (code) {
    case 1002:
    case 1003:
    case 1007:
    case 1009:
    case 1008:
    case 1011:
      world.fault('a lawful client is never refused', `the server closes #${link.id} with ${code}`);
      return;
    case 4403:
      if (facts.token?.startsWith('other') !== true)
        world.fault('a lawful client is never refused', `the server closes #${link.id} with 4403`);
      return;
    case 4401: {
      const since = world.clock.now - (world.server.settings.tokenLifeMs ?? 0);
      // A token may end while its connection is being made.
      const isTroubled =
        !facts.isWelcomed ||
        // With less than a second left nobody is asked: the welcome waited for a handler.
        world.clock.now - facts.welcomedAt < 1_500 ||
        link.troubledAt !== null ||
        world.tokens.troubledAt >= since ||
        world.tokens.areRejected ||
        world.network.wasSlowSince(since) ||
        world.server.stoodStillSince(since);
      if (!isTroubled && page.isRunning && page.stoppedAt < since && !isReplaced) {
        world.fault('a token is renewed in time', `the server closes #${link.id} with 4401, and nothing was wrong`);
      }
      return;
    }
    case 4409: {
      if (!isReplaced) {
        world.fault('the newest connection is never ended by its older one', `the server closes #${link.id} with 4409`);
      }
      return;
    }
    case 4408:
      // The former connection of a move is deaf, from when the page goes on with another one that it may still be opening.
      if (facts.serverPingAt === null || link.troubledAt !== null || isReplaced) return;
      if (page.openLinks.some(({ id }) => id > link.id)) return;
      if (world.network.wasSlowSince(facts.serverPingAt) || world.server.stoodStillSince(facts.serverPingAt - 1_000))
        return;
      if (page.isRunning && page.stoppedAt < facts.serverPingAt - 1_000) {
        world.fault(
          'a live peer is never taken for dead',
          `the server closes #${link.id} with 4408, and nothing was wrong`,
        );
      }
      return;
    default:
  }
}

export function opensSocket(world: World, page: Page): void {
  const old = page.runsEventOf;
  const newer = page.openLinks.find((link) => link.id > old);
  if (old > 0 && newer !== undefined) {
    world.fault(
      'an old connection never ends a newer one',
      `an event of #${old} makes the page connect beside #${newer.id}`,
    );
  }
  const running = world.runningOf(page);
  const minuteAgo = world.clock.now - 60_000;
  const inMinute = page.connects.filter((at) => at > minuteAgo).length;
  // Some twelve tries until the longest delay, 3,250 ms on average from then on; what was asked for and what a hint opens
  // beside it come on top, and every 100 ms in the two seconds after the network has come back.
  const returns = page.returns.filter((at) => at > minuteAgo).length;
  const most = 60 + (running?.asked ?? 0) + 2 * world.wakeUps + 20 * returns;
  if (inMinute > most) {
    world.fault('connects per minute are bounded', `${page.name} opened ${inMinute} sockets within a minute`);
  }
  if (running?.isClosed === true) {
    world.fault('closed is final', `${page.name} opens a socket after close()`);
  }
}

/** What the page reports: some codes may never come up between these two ends. */
export function told(world: World, page: Page, code: string | null, text: string): void {
  // Records that can't be read are set aside, and storage goes on.
  const isSetAside = text.includes("can't be read");
  const teller = world.runningOf(page);
  if (isSetAside && teller !== undefined) teller.hasUnreadable = true;
  if ((code === 'STORAGE_FAILED' && !isSetAside) || code === 'STORAGE_UNAVAILABLE' || code === 'STORAGE_LOST') {
    if (teller !== undefined) teller.hasStorageFailed = true;
    const tab = world.tabs.find(({ current }) => current?.page === page);
    // Without locks nothing is stored: nobody could tell whose it is.
    if (!page.device.disk.hasFailed && tab?.settings.hasLocks === true) {
      world.fault('storage that works is not given up', `${page.name} reports ${code}: ${text}`);
    }
  }
  // What the server said before it closed: the close code is judged by itself.
  if (code === 'PROTOCOL_ERROR' && text.startsWith('the server said ')) return;
  const isIdentity = code === 'IDENTITY_MISMATCH' || code === 'FORBIDDEN';
  if (isIdentity && world.runningOf(page)?.hadOtherToken === true) return;
  if (code === 'PROTOCOL_ERROR' || code === 'LISTENER_FAILED' || isIdentity) {
    world.fault('two lawful ends never blame each other', `${page.name} reports ${code}: ${text}`);
  }
}

// The rest.

/** After every step. */
export function checkStep(world: World): void {
  for (const { page, socket } of world.live) {
    const { phase } = socket.getState();
    const isIdle = page.timers === 0 && page.openLinks.length === 0;
    if ((phase === 'waiting' && page.timers === 0) || (phase === 'connecting' && isIdle)) {
      world.fault('a waiting state has a timer', `${page.name} is ${phase} and nothing is set to change it`);
    }
    if (phase === 'open' && page.openLinks.length === 0) {
      world.fault('open has a socket', `${page.name} is open and has no socket`);
    }
  }
}

/** A turn after `close()` resolved. */
export function closed(world: World, { page }: Running): void {
  // One that was frozen in that very turn has not had it yet.
  if (!page.isAlive || !page.isRunning) return;
  const left = [
    ...(page.timers > 0 ? [`${page.timers} timers`] : []),
    ...(page.observers > 0 ? [`${page.observers} observers`] : []),
    ...page.openLinks.map((link) => `socket #${link.id}`),
    ...page.device.locks.namesOf(page).map((name) => `the lock ${name}`),
    ...(page.device.disk.openHandles(page) > 0 ? ['a connection to the storage'] : []),
  ];
  if (left.length > 0) world.fault('close() leaves nothing behind', `${page.name} leaves ${left.join(', ')}`);
}

/** What is still open after the faults have ended; empty when all is well. */
export function unsettled(world: World): readonly string[] {
  const left: string[] = [];
  // A page that is frozen while its question for a lock is on the way is given it without knowing. Such a question takes no
  // signal that could end it, and whoever freezes for ever holds the lock for ever.
  const frozen = world.tabs
    .flatMap(({ past, current }) => [...past, ...(current === null ? [] : [current])])
    .filter(({ page }) => page.isAlive && !page.isRunning)
    .flatMap(({ page }) => page.device.locks.namesOf(page));
  for (const { disk, name } of world.devices) {
    for (const log of disk.logs.values()) {
      // An open page keeps the header of its own log for what comes next.
      if (log.segments.size === 0 && log.maker.isAlive) continue;
      // What nobody can read stays where it is.
      if ([...log.segments.values()].every(({ isSpoilt }) => isSpoilt) && log.segments.size > 0) continue;
      if (frozen.some((lock) => lock.endsWith(`:${log.header.id}`))) continue;
      left.push(`log ${log.header.id} on ${name} (${log.segments.size} segments)`);
    }
  }
  for (const sent of world.ledger.sent.values()) {
    const { receipt, label, page } = sent;
    const isHere = page.isRunning && world.runningOf(page)?.isClosed === false;
    if (isHere && (receipt.status === 'queued' || receipt.status === 'inFlight')) {
      left.push(`message ${label} of ${page.name} is ${receipt.status}`);
    }
  }
  for (const tab of world.tabs) if (tab.isComing) left.push(`tab ${tab.name} is being loaded`);
  for (const running of world.live) {
    const { phase } = running.socket.getState();
    if (phase !== 'open') left.push(`${running.page.name} is ${phase}`);
    const gap = missing(world, running);
    if (gap !== null) left.push(gap);
  }
  left.push(...mailLeft(world));
  return left;
}

/** At the very end. */
export function checkEnd(world: World): void {
  for (const sent of world.ledger.sent.values()) {
    const { receipt, label } = sent;
    // Nobody may have asked for the outcome: it is checked all the same.
    if (sent.outcome === null && receipt.status === 'delivered') sent.outcome = 'delivered';
    if (sent.outcome === null && receipt.error !== null) sent.outcome = receipt.error.code;
    if (sent.outcome !== null) settled(world, sent);
    const isSilent = receipt.error !== null && receipt.error.code !== 'OUTCOME_UNKNOWN' && !sent.isDropTold;
    if (isSilent) world.fault('nothing is dropped silently', `message ${label} failed, and no drop event said so`);
    const isExcused =
      sent.isLost ||
      sent.isDiscarded ||
      sent.isAborted ||
      sent.outcome === 'EXPIRED' ||
      sent.outcome === 'ABORTED' ||
      sent.outcome === 'QUEUE_FULL' ||
      // Dropped by a page that died before it could say so, or whose storage failed while it forgot the message.
      ((sent.outcome === null || sent.outcome === 'OUTCOME_UNKNOWN') &&
        tabOf(world, sent).settings.bounds.overflow !== 'reject') ||
      isDecided(world, label);
    if (sent.storedAt !== null && !isExcused && sent.ttlMs === null) {
      world.fault('stored arrives', `message ${label} was stored at ${sent.storedAt}, and no handler ever took it`);
    }
  }
  checkOrder(world);
}

const LANES = ['normal', 'urgent'] as const;

/** A tab's messages of one lane reach the handler in the order of its calls, over its reloads. */
function checkOrder(world: World): void {
  const firstRuns = new Map<number, number>();
  for (const runs of world.ledger.runs.values()) {
    const [first] = runs;
    if (first !== undefined) firstRuns.set(first.label, first.order);
  }
  for (const [tab, lane] of world.tabs.flatMap((each) => LANES.map((its) => [each, its] as const))) {
    let last: { readonly sent: Sent; readonly order: number } | null = null;
    for (const sent of world.ledger.sent.values()) {
      // What was withdrawn while storage failed may still run, at whatever time: its app knows.
      if (
        sent.tab !== tab.name ||
        laneOf(world.seed, sent.label) !== lane ||
        sent.isAborted ||
        world.ledger.isInDoubt(sent.label)
      )
        continue;
      const order = firstRuns.get(sent.label);
      if (order === undefined) continue;
      if (last !== null && order < last.order && isBound(world, tab.name, last.sent, sent)) {
        world.fault(
          'order is the order of calls',
          `tab ${tab.name}: message ${sent.label} was sent after ${last.sent.label} and ran before it`,
        );
      }
      if (last === null || last.sent.chain !== sent.chain || order > last.order) last = { sent, order };
    }
  }
}

/** Whether the order of these two messages of one tab is promised. */
function isBound(world: World, tab: string, first: Sent, second: Sent): boolean {
  if (first.chain !== second.chain) return false;
  // A message that a page took along unstored is in no order with what the next page sends; and a page whose storage
  // fails can't send what the page before it left, nor delete what it has sent.
  const hasFailed = world.tabs.some(({ name, past }) => name === tab && past.some((page) => page.hasStorageFailed));
  const hasHeir = first.wasStored && !hasFailed && world.runningOf(second.page) !== undefined;
  if (first.page !== second.page && !hasHeir) return false;
  // What was discarded while the server had it already is in no record any more: the next page knows nothing of it.
  if (first.page !== second.page && first.isDiscarded) return false;
  // What expired while a page could not have storage forget it comes late, from a later page.
  if (first.ttlMs !== null && (hasFailed || first.page.device.disk.hasFailed)) return false;
  if (first.page !== second.page && hasUnreadable(world, tab)) return false;
  // One that freezes gives back what it had of the page before it, and may run before it finds that again.
  if (first.page !== second.page && second.page.wasFrozen) return false;
  return ![first, second].some((each) => wasAdopted(world, each, tab));
}

/** The order of two logs is told by the records of the later one. */
function hasUnreadable(world: World, name: string): boolean {
  return world.tabs.some((tab) => tab.name === name && tab.past.some((running) => running.hasUnreadable));
}

/** Another tab has taken its log, as it may once the page is gone: order across tabs is not promised. */
function wasAdopted(world: World, sent: Sent, tab: string): boolean {
  const id = sent.receipt.id.slice(0, sent.receipt.id.lastIndexOf(':'));
  const isStrange = (name: string): boolean => !name.startsWith(tab);
  return world.devices.some(
    ({ disk }) => disk.everLogs.get(id)?.claimants.some(({ name }) => isStrange(name)) === true,
  );
}

/** What happened in this world that is worth happening often. */
export function situations(world: World): readonly string[] {
  const found: string[] = [];
  for (const sent of world.ledger.sent.values()) if (sent.outcome !== null) found.push(`outcome ${sent.outcome}`);
  for (const runs of world.ledger.runs.values()) {
    for (const run of runs) {
      if (run.isMarked) found.push('run redelivered');
      if (run.outcome === 'killed') found.push('run killed');
    }
    if (runs.filter((run) => run.hasEffect).length > 1) found.push('marked double');
  }
  for (const { heardIn } of world.ledger.mail.all) if (heardIn.size > 1) found.push('mail in two sessions');
  if (world.verdicts > 0) found.push('peer taken for dead');
  for (const facts of world.tap.facts.values()) {
    if (typeof facts.serverCode === 'number') found.push(`server closed with ${facts.serverCode}`);
  }
  for (const tab of world.tabs) {
    for (const running of tab.past) {
      for (const { gap } of running.heard) if (gap !== null) found.push(`gap ${gap.reason}`);
      if (running.hasStorageFailed) found.push('storage failed');
    }
  }
  return found;
}
