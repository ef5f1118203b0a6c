import { describe, expect, it } from 'vitest';
import { outcomeOf, World } from './socket.fixture.ts';
import type { ConnectContext } from './types.ts';
import type { Json } from '../lib/errors.ts';

/** A world whose onConnect hands its context over and waits for `go`. */
function aWorld(): { world: World; contexts: ConnectContext<Json>[]; go: (error?: Error) => void } {
  const contexts: ConnectContext<Json>[] = [];
  let go = (_error?: Error): void => {};
  const world = new World({
    onConnect: (context) => {
      contexts.push(context);
      return new Promise((resolve, reject) => {
        go = (error) => (error === undefined ? resolve() : reject(error));
      });
    },
  });
  return { world, contexts, go: (error) => go(error) };
}

describe('onConnect', () => {
  it('runs after the welcome and before the outbox flows', async () => {
    const { world, contexts, go } = aWorld();
    world.socket.send('queued');
    await world.welcome({ resumed: true });
    expect(contexts).toMatchObject([{ resumed: true, attempt: 0 }]);
    expect([world.sent, world.socket.getState().phase]).toEqual([[], 'connecting']);
    go();
    await world.settle();
    expect([world.sent, world.socket.getState().phase]).toEqual([['queued'], 'open']);
  });

  it('sends ahead of the outbox, and hears when that was taken', async () => {
    const { world, contexts, go } = aWorld();
    world.socket.send('queued');
    await world.welcome();
    const sent = outcomeOf(contexts[0]!.send('first'));
    await world.settle();
    world.wire.receive(['taken', [[0, []]]]);
    await world.settle();
    expect([world.sent, sent.state]).toEqual([['first'], 'pending']);
    world.wire.receive(['a', 1, 1]);
    go();
    await world.settle();
    expect([world.sent, sent.state]).toEqual([['first', 'queued'], 'resolved']);
  });

  it('hears what the server refuses of it', async () => {
    const { world, contexts } = aWorld();
    await world.welcome();
    const sent = outcomeOf(contexts[0]!.send('first'));
    await world.settle();
    world.wire.receive(['taken', [[0, []]]]);
    await world.settle();
    world.wire.receive(['r', 1, 1, { code: 'NO', message: '' }]);
    await world.settle();
    expect(sent.code).toBe('REFUSED');
  });

  it('rejects what can not be encoded, and what is too large for the server', async () => {
    const { world, contexts } = aWorld();
    await world.welcome();
    await expect(contexts[0]!.send(undefined as never)).rejects.toMatchObject({ code: 'INVALID_MESSAGE' });
    await expect(contexts[0]!.send('x'.repeat(2_000))).rejects.toMatchObject({ code: 'MESSAGE_TOO_LARGE' });
  });

  it('that rejects is a failed attempt, and is called again', async () => {
    const { world, contexts, go } = aWorld();
    await world.welcome();
    go(new Error('no subscription'));
    await world.settle();
    expect(world.socket.getState()).toMatchObject({
      phase: 'waiting',
      error: { code: 'PREPARE_FAILED', cause: { message: 'no subscription' } },
    });
    expect(contexts[0]!.signal.aborted).toBe(true);
    await world.environment.advance(500);
    await world.welcome();
    go();
    await world.settle();
    expect([contexts.length, contexts[1]!.attempt, world.socket.getState().phase]).toEqual([2, 1, 'open']);
  });

  it('that never ends is a failed attempt, too', async () => {
    const { world, contexts } = aWorld();
    await world.welcome();
    await world.environment.advance(10_000);
    expect(world.socket.getState()).toMatchObject({
      phase: 'waiting',
      error: { code: 'CONNECT_TIMEOUT', details: { step: 'preparing' } },
    });
    expect(contexts[0]!.signal.aborted).toBe(true);
  });

  it('of a connection that is gone can neither open nor end the next one', async () => {
    const { world, go } = aWorld();
    await world.welcome();
    const late = go;
    world.socket.reconnect();
    late(new Error('late'));
    await world.settle();
    expect(world.socket.getState()).toMatchObject({ phase: 'connecting', attempt: 0 });
    await world.welcome();
    expect(world.socket.getState().phase).toBe('connecting');
    go();
    await world.settle();
    expect(world.socket.getState().phase).toBe('open');
  });

  it('sends nothing any more when its connection has ended, not on the next one either', async () => {
    const { world, contexts } = aWorld();
    await world.welcome();
    const sent = outcomeOf(contexts[0]!.send('first'));
    world.socket.reconnect();
    await world.settle();
    expect(sent.code).toBe('OUTCOME_UNKNOWN');
    await world.welcome();
    await expect(contexts[0]!.send('late')).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    await world.settle();
    expect(world.sent).toEqual([]);
  });

  it('that throws is a rejection', async () => {
    const world = await new World({
      onConnect: () => {
        throw new Error('thrown');
      },
    }).welcome();
    expect(world.socket.getState()).toMatchObject({ phase: 'waiting', error: { code: 'PREPARE_FAILED' } });
  });
});
