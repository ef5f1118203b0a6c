import { describe, expect, it } from 'vitest';
import type { RetryContext } from '../machines/connection-state.ts';
import { plain } from './protocols.ts';
import { World } from './socket.fixture.ts';
import type { ReconnectOptions } from './types.ts';

const anOpen = (reconnect: ReconnectOptions): Promise<World> => new World({ protocol: plain(), reconnect }).accept();

/** Milliseconds until the next try; null: none is due. */
function waitOf({ socket, environment }: World): number | null {
  const { retryAt } = socket.getState();
  return retryAt === null ? null : retryAt - environment.wallClock();
}

describe('the word of the app', () => {
  it('is asked for at every end, and told what happened', async () => {
    const told: RetryContext[] = [];
    const world = await anOpen({ jitter: 'none', decide: (context) => void told.push(context) });
    world.wire.closeBy(1013, 'retry-after-ms=700');
    await world.environment.advance(1_000);
    world.wire.closeBy(1008);
    expect(told).toEqual([
      {
        code: 'SERVER_BUSY',
        closeCode: 1013,
        attempt: 1,
        elapsedMs: 0,
        retryAfterMs: 700,
        lastDelayMs: 0,
        delayMs: 1_000,
      },
      {
        code: 'FORBIDDEN',
        closeCode: 1008,
        attempt: 2,
        elapsedMs: 1_000,
        retryAfterMs: null,
        lastDelayMs: 300,
        delayMs: null,
      },
    ]);
  });

  it('holds: a delay, an end, a retry of what would have ended', async () => {
    const decide = ({ attempt }: RetryContext): number | false => (attempt < 3 ? 77 : false);
    const world = await anOpen({ decide });
    for (const code of [1006, 1000]) {
      world.wire.closeBy(code);
      expect(waitOf(world)).toBe(77);
      await world.environment.advance(77);
    }
    world.wire.closeBy(1006);
    expect(world.socket.getState()).toMatchObject({ phase: 'suspended', error: { code: 'CONNECT_FAILED' } });
    expect(world.errors).toEqual(['CONNECT_FAILED']);
  });

  it('when it throws is reported, and the default holds', async () => {
    const cause = new Error('mine');
    const world = await anOpen({
      jitter: 'none',
      decide: () => {
        throw cause;
      },
    });
    world.wire.closeBy(1006);
    expect(waitOf(world)).toBe(300);
    expect(world.events('error')).toMatchObject([{ code: 'LISTENER_FAILED', cause }]);
  });

  it.each([Number.NaN, -1, '5', {}])('that is no delay (%o) is as good as none', async (word) => {
    const world = await anOpen({ jitter: 'none', decide: () => word as number });
    world.wire.closeBy(1006);
    expect(waitOf(world)).toBe(300);
    await world.environment.advance(300);
    expect(world.environment.sockets.length).toBe(2);
  });

  it('by policies is given for each cause', async () => {
    const world = await anOpen({
      jitter: 'none',
      policies: { CONNECT_FAILED: { initialDelayMs: 40, factor: 1 }, SERVER_BUSY: false, SERVER_CLOSED: {} },
    });
    world.wire.closeBy(1006);
    await world.environment.advance(300);
    world.wire.closeBy(1006);
    expect(waitOf(world)).toBe(40);
    await world.environment.advance(40);
    await world.accept();
    world.wire.closeBy(1000);
    // A policy retries what would end.
    expect(world.socket.getState().phase).toBe('waiting');
    world.socket.connect();
    await world.accept();
    world.wire.closeBy(1013);
    expect(world.socket.getState()).toMatchObject({ phase: 'suspended', error: { code: 'SERVER_BUSY' } });
  });
});
