import { describe, expect, it } from 'vitest';
import { memory } from './options.ts';
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

  it('writes at once, in the turn of the call, and settles what has left the browser when it looks', async () => {
    const world = await new World({ protocol: plain() }).accept();
    const receipts = [1, 2].map((data) => world.socket.send(data));
    expect([world.wire.sent, receipts.map(({ status }) => status)]).toEqual([
      ['1', '2'],
      ['inFlight', 'inFlight'],
    ]);
    await world.environment.advance(20);
    expect(receipts.map(({ status }) => status)).toEqual(['delivered', 'delivered']);
  });

  it('looks before it refuses: a throttled timer does not fill the outbox', async () => {
    const world = await new World({ protocol: plain(), outbox: memory({ maxMessages: 2 }) }).accept();
    const early = [1, 2].map((data) => world.socket.send(data));
    expect(world.socket.send(3).error).toBeNull();
    expect(early.map(({ status }) => status)).toEqual(['delivered', 'delivered']);
    world.wire.holdsBack = true;
    expect([4, 5, 6].map((data) => world.socket.send(data).error?.code)).toEqual([undefined, undefined, 'QUEUE_FULL']);
  });

  it('asks with the ping of its protocol, and replaces a connection that does not answer', async () => {
    const ping = { data: () => '"ping"', isPong: (data: unknown) => data === '"pong"' };
    const world = await new World({
      protocol: plain({ ping }),
      heartbeat: { intervalMs: 1_000, timeoutMs: 400 },
    }).accept();
    const { wire } = world;
    expect(wire.sent).toEqual(['"ping"']);
    await world.environment.advance(30);
    wire.receiveRaw('"pong"');
    wire.receiveRaw('"news"');
    expect([world.socket.getStats().rttMs, world.events('message')]).toEqual([30, ['news']]);
    await world.environment.advance(5_000);
    expect([wire.isDetached, world.environment.sockets.length > 1]).toEqual([true, true]);
  });

  it('measures a round trip from its own ping only: a pong that nobody asked for says nothing', async () => {
    const ping = { data: () => 'ping', isPong: (data: unknown) => data === 'pong' };
    const world = await new World({ protocol: plain({ ping, codec: 'text' }) }).accept();
    await world.environment.advance(20);
    world.wire.receiveRaw('pong');
    await world.environment.advance(500);
    world.wire.receiveRaw('pong');
    expect(world.socket.getStats().rttMs).toBe(20);
  });
});
