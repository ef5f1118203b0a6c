import { USER } from '../world/tokens.ts';
import type { Heard, Running } from '../world/tab.ts';
import type { World } from '../world/world.ts';

// What a session says to its page arrives once and in order, or the page is told exactly what it misses.

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

/** The server's count in the last message that arrived of this session. */
function lastHeard(running: Running, session: string): number {
  let last = 0;
  for (const item of running.heard) if (item.type === 'message' && item.session === session) last = item.k;
  return last;
}
