import { clockJump, type Deeds } from './deed.ts';

/** What happens to the server's process, and what its operator does to it. */
export const SERVER_FAULTS = {
  'server kill': ({ world, ms, choice }) => {
    if (world.server.current === null) return false;
    world.server.kill();
    world.later(Math.max(100, choice < 0.5 ? 200 : ms), () => world.server.start());
    return true;
  },
  // What it took nobody has written down; its sender learns that there is doubt, and withdraws or lets it expire.
  'server kill after an effect': ({ world, tab, ms, choice }) => {
    if (world.server.current === null || world.server.settings.mode === 'hook') return false;
    if (!tab.send({ ttlMs: null, abortAfterMs: 300 + choice * 3_000, reads: 'both' })) return false;
    tab.send({ ttlMs: Math.ceil(300 + choice * 3_000), abortAfterMs: null, reads: 'both' });
    world.server.killAfterEffect(Math.max(100, choice < 0.7 ? 200 : ms));
    return true;
  },
  'server close': ({ world, ms, choice }) => {
    if (!world.server.closeGracefully(choice < 0.5 ? 0 : 2_000, choice < 0.3 ? 5_000 : 0)) return false;
    world.later(Math.max(100, ms), () => world.server.startWhenGone());
    return true;
  },
  'server drain': ({ world, ms }) => world.server.drain(Math.ceil(ms)),
  'server freeze': ({ world, ms }) => {
    if (world.server.current === null) return false;
    world.server.freeze();
    world.later(ms, () => world.server.thaw());
    return true;
  },
  'server clock jumps': ({ world, choice }) => {
    world.server.wallOffset += clockJump(choice);
    return true;
  },
  'session closed by server': ({ world, choice }) => world.server.closeSession(choice, choice < 0.5 ? 1000 : 4000),
} satisfies Deeds;
