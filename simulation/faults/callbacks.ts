import type { Deeds } from './deed.ts';

/** What goes wrong in the apps' own functions: those that give a token, check it, or prepare a connection. */
export const CALLBACK_FAULTS = {
  'token fails': ({ world, plan, ms }) => {
    if (!plan.server.hasAuth) return false;
    world.tokens.fail = true;
    world.later(ms, () => {
      world.tokens.fail = false;
      world.tokens.trouble();
    });
    return true;
  },
  // Its app has mixed up two users. Only a page that the server knows can be told that from a first sign-in.
  'token of another user': ({ world, plan, tab, ms, choice }) => {
    const running = tab.current;
    if (!plan.server.hasAuth || running === null || !running.page.isRunning) return false;
    if (world.sessions.get(running.page)?.some(({ isHeard }) => isHeard) !== true) return false;
    running.hadOtherToken = true;
    tab.user = 'other';
    // Else the live connection is the first to be told, when its token ends.
    if (choice < 0.5) tab.call('reconnect');
    world.later(choice < 0.5 ? ms : 20_000, () => {
      tab.user = 'user';
    });
    return true;
  },
  'token rejected': ({ world, plan, ms }) => {
    if (!plan.server.hasAuth) return false;
    world.tokens.areRejected = true;
    world.later(ms, () => {
      world.tokens.areRejected = false;
      world.tokens.trouble();
    });
    return true;
  },
  'onConnect fails': ({ world, plan, ms }) => {
    if (plan.tabs.every(({ settings }) => settings.preparesMs === null)) return false;
    world.onConnectFails = true;
    world.later(ms, () => {
      world.onConnectFails = false;
    });
    return true;
  },
} satisfies Deeds;
