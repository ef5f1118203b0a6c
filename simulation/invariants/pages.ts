import type { Page } from '../world/page.ts';
import type { Running } from '../world/tab.ts';
import type { World } from '../world/world.ts';

// A page is never stuck, reports nothing that can't be, and leaves nothing behind.

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

export function waitsWithoutTimer(world: World, page: Page): void {
  const { phase, retryAt } = world.runningOf(page)?.socket.getState() ?? {};
  if ((phase === 'waiting' || phase === 'suspended') && (retryAt ?? null) !== null) {
    world.fault('never stuck', `${page.name} is ${phase} and no timer will end that`);
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
