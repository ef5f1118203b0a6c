import { isAccepted, type Mail } from '../world/mail.ts';
import type { Running } from '../world/tab.ts';
import type { World } from '../world/world.ts';

// What the server's app gave to `sendTo` reaches each session of the user once and in order.

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

/** At the end: mail that nobody has had, or a session that was there has not had. */
export function mailLeft(world: World): readonly string[] {
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

/** Whether a page's app has a right to a message to the user, whenever its session began. */
function isOwed(running: Running, mail: Mail): boolean {
  if (!isAccepted(mail) || mail.ttlMs !== null || mail.isForgotten) return false;
  // What another session has acknowledged may fall out of the replay buffer like any other message, and is told as lost.
  return running.heard.every(({ gap }) => gap === null || gap.reason === 'unknown-session');
}
