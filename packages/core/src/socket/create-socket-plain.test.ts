import { describe, expect, it } from 'vitest';
import { plain } from './protocols.ts';
import { World } from './socket.fixture.ts';

describe('with plain()', () => {
  it('sends JSON, and counts it as delivered when the browser has written it', async () => {
    const world = await new World({ protocol: plain({ subprotocols: ['chat'] }) }).accept();
    expect([world.wire.protocols, world.socket.getState().phase]).toEqual([['chat'], 'open']);
    world.wire.holdsBack = true;
    const receipt = world.socket.send({ a: 1 });
    await world.environment.advance(100);
    expect([world.wire.sent, receipt.status]).toEqual([['{"a":1}'], 'inFlight']);
    world.wire.drain();
    await world.environment.advance(20);
    expect([receipt.status, world.environment.nextTimerMs]).toEqual(['delivered', 5_000 - 120]);
  });

  it('text: sends strings as they are, and takes nothing else', async () => {
    const world = await new World({ protocol: plain({ codec: 'text' }) }).accept();
    world.socket.send('{');
    for (const data of [{ a: 1 }, 7, null]) {
      expect(() => world.socket.send(data)).toThrow(expect.objectContaining({ code: 'INVALID_MESSAGE' }));
    }
    await world.settle();
    expect(world.wire.sent).toEqual(['{']);
  });

  it('reports what its codec can not decode, and goes on', async () => {
    const world = await new World({ protocol: plain() }).accept();
    world.wire.receiveRaw('{');
    world.wire.receiveRaw('[1]');
    expect([world.errors, world.events('message'), world.socket.getState().phase]).toEqual([
      ['BAD_MESSAGE'],
      [[1]],
      'open',
    ]);
  });

  it('says what it does not know when the connection ends after a message was written', async () => {
    const world = await new World({ protocol: plain() }).accept();
    world.wire.holdsBack = true;
    const receipt = world.socket.send('x');
    await world.settle();
    world.wire.closeBy(1006);
    await expect(receipt.delivered).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    expect(world.events('drop')).toEqual([]);
  });
});
