import type { Page } from '../world/page.ts';
import type { LinkFacts } from '../world/tap.ts';
import type { World } from '../world/world.ts';

// When a page may open a connection, and for which reasons each end may close one.

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
  // With two addresses a try may open both; and five tries of a return that fails, the sooner the less often that was.
  const tab = world.tabs.find(({ past }) => past.some((one) => one.page === page));
  const [times, more] = tab?.settings.endpoints === undefined ? [1, 0] : [2, 60];
  const most = times * (60 + (running?.asked ?? 0) + 2 * world.wakeUps + 20 * returns) + more;
  if (inMinute > most) {
    world.fault('connects per minute are bounded', `${page.name} opened ${inMinute} sockets within a minute`);
  }
  if (running?.isClosed === true) {
    world.fault('closed is final', `${page.name} opens a socket after close()`);
  }
}

/** After every step: of a race one connection is left, and nothing is dialled that nobody waits for. */
export function checkRaces(world: World): void {
  for (const { page } of world.live) {
    const { state } = page;
    if (state === null) continue;
    const { name, step, rival } = state;
    const isDialling = step === 'opening' || (rival !== null && rival.connectionId !== null && rival.openMs === null);
    const dialled = isDialling ? undefined : page.openLinks.find((link) => link.socket.state === 'connecting');
    if (dialled !== undefined) {
      world.fault('the losers of a race are closed', `${page.name} is ${name} and still dials #${dialled.id}`);
    }
    if (name === 'open' && rival === null && page.openLinks.length > 1) {
      const ids = page.openLinks.map(({ id }) => `#${id}`).join(', ');
      world.fault('an open socket has one connection', `${page.name} holds ${ids}`);
    }
  }
}

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
