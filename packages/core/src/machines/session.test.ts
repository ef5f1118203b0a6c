import { adoptLog } from './outbox.ts';
import { describe, expect, it } from 'vitest';
import { encode } from '../protocol/frames.ts';
import { aWelcome } from '../testing-fakes/frames.fixture.ts';
import { Scene } from './conversation.fixture.ts';
import type { Conversation } from './conversation.ts';
import { holdfastSession } from './session.ts';

const aScene = (): Scene<Conversation> => new Scene((host) => holdfastSession(host));

describe('the hello', () => {
  it('is alone and first, and names the client and its log', () => {
    const scene = aScene();
    scene.host.send();
    expect(scene.open().hello).toEqual({ v: 1, client: 'client-1', n: 1, producers: [['own', 1, 2, 0]] });
    expect(scene.flush()).toEqual([]);
  });

  it('carries the token', () => {
    expect(aScene().open('secret').hello).toMatchObject({ auth: 'secret' });
  });

  it('resumes the session with the newest key and what the app has had, and its n rises', () => {
    const scene = aScene()
      .start({ key: 'key-1', offset: 4 })
      .hear(encode.serverMessage(5, '1'), encode.serverMessage(6, '2'));
    expect(scene.end().open().hello).toMatchObject({
      session: 'session-1',
      key: 'key-1',
      epoch: 'epoch-1',
      received: 6,
      n: 2,
    });
    scene.welcome({ key: 'key-2', epoch: 'epoch-2', offset: 0 });
    expect(scene.end().open().hello).toMatchObject({ key: 'key-2', epoch: 'epoch-2', received: 0, n: 3 });
  });

  it('still has the key of before when the welcome never came', () => {
    const scene = aScene().start().end().open().end().open();
    expect(scene.hello).toMatchObject({ key: 'key-1', n: 3 });
  });

  it('lists the own log first and at most 15 others', () => {
    const scene = aScene();
    for (let index = 0; index < 40; index += 1) adoptLog(scene.host.queue, scene.host.log(`log-${index}`));
    const listed = scene.open().hello!.producers.map(([id]) => id);
    expect([listed.length, listed[0], listed[1], listed[15]]).toEqual([16, 'own', 'log-0', 'log-14']);
  });

  it('lists no more than the server has said that it takes, its own on top', () => {
    const scene = aScene();
    for (let index = 0; index < 40; index += 1) adoptLog(scene.host.queue, scene.host.log(`log-${index}`));
    scene.start({ limits: { messageBytes: 1_000, producers: 4, producerTtlMs: 1_000 } });
    expect(scene.end().open().hello!.producers.length).toBeLessThanOrEqual(5);
  });
});

describe('the welcome', () => {
  it('tells whether the session goes on, and the heartbeat that the server asks for', () => {
    const scene = aScene()
      .open()
      .welcome({ resumed: true, heartbeat: { intervalMs: 7, timeoutMs: 3 } });
    expect(scene.host.welcomes).toEqual([{ resumed: true, heartbeat: { intervalMs: 7, timeoutMs: 3 } }]);
  });

  it('lets nothing flow before the app has prepared', () => {
    const scene = aScene();
    scene.host.send();
    scene.open().welcome();
    expect(scene.flush()).toEqual([]);
    scene.conversation.start();
    expect(scene.host.takeFrames()).toEqual([['m', 0, 1, 'x']]);
  });

  it('settles what the server has taken', () => {
    const scene = aScene();
    for (let count = 0; count < 3; count += 1) scene.host.send();
    scene.start().end().host.takeFrames();
    scene.start({ taken: [[2, [[1, { code: 'NO', message: 'no' }]]]] });
    expect(scene.host.settled).toEqual(['own:1 REFUSED', 'own:2 ok']);
    expect(scene.host.takeFrames()).toEqual([['m', 0, 3, 'x']]);
  });

  it('tells of what was lost', () => {
    const lost = { reason: 'unknown-session', from: 1, to: null } as const;
    expect(aScene().open().welcome({ lost }).host.gaps).toEqual([lost]);
  });

  it('tells the name of the identity once, and another name later ends it', () => {
    const scene = aScene().start();
    expect(scene.host.peer).toBe('peer-alice');
    scene.end().open().welcome({ identity: 'peer-bob' });
    expect(scene.host.failures).toEqual([['IDENTITY_MISMATCH', 1000]]);
    expect([scene.host.peer, scene.host.welcomes.length]).toEqual(['peer-alice', 1]);
  });

  it('gives the clock of the server', () => {
    const scene = aScene();
    expect(scene.conversation.serverAheadMs).toBe(null);
    scene.host.clock = 100;
    scene.open().welcome({ time: 5_000 });
    expect(scene.conversation.serverAheadMs).toBe(4_900);
  });

  it('fails what is larger than the limit, all of it, and what follows is still sent', () => {
    const scene = aScene();
    for (const size of [50, 60, 70, 5, 80]) scene.host.send('x'.repeat(size));
    expect(scene.conversation.refusal(1_000_000, 1_000_000)).toBe(null);
    expect([262_144, 262_145].map((bytes) => scene.conversation.refusal(bytes)?.code)).toEqual([
      undefined,
      'MESSAGE_TOO_LARGE',
    ]);
    scene.start({ limits: { messageBytes: 40, producers: 4, producerTtlMs: 1_000 } });
    const tooLarge = [1, 2, 3, 5].map((seq) => `own:${seq} MESSAGE_TOO_LARGE`);
    expect(scene.host.settled).toEqual(tooLarge);
    expect(scene.host.takeFrames()).toEqual([
      ['s', 0, 3],
      ['m', 0, 4, 'xxxxx'],
    ]);
    expect([scene.conversation.refusal(40), scene.conversation.refusal(41)]).toMatchObject([
      null,
      { code: 'MESSAGE_TOO_LARGE' },
    ]);
  });

  it('does not fail what the server has taken with an older limit', () => {
    const scene = aScene();
    scene.host.send('x'.repeat(50));
    scene.start().end();
    scene.start({ taken: [[1, []]], limits: { messageBytes: 40, producers: 4, producerTtlMs: 1_000 } });
    expect(scene.host.settled).toEqual(['own:1 ok']);
  });

  // The app may end the connection in the middle of the welcome: the next one must not inherit it.
  it('is over when a listener of what it tells ends the connection', () => {
    const lost = { reason: 'unknown-session', from: 1, to: null } as const;
    const byGap = aScene();
    byGap.host.onLost = () => void byGap.end();
    byGap.open().welcome({ lost });
    expect(byGap.host.welcomes).toEqual([]);

    const byDrop = aScene();
    byDrop.host.send();
    byDrop.start().end().host.takeFrames();
    byDrop.host.welcomes.length = 0;
    const second = byDrop.host.log('second');
    adoptLog(byDrop.host.queue, second);
    byDrop.host.onSettled = () => void byDrop.end();
    byDrop.open().welcome({
      taken: [
        [1, [[1, { code: 'NO', message: '' }]]],
        [0, []],
      ],
    });
    expect(byDrop.host.welcomes).toEqual([]);
    byDrop.host.onSettled = () => {};
    byDrop.host.send('x', second);
    byDrop.open();
    byDrop.conversation.start();
    expect(byDrop.host.takeFrames(), 'nothing of it is ready on the next connection').toEqual([]);
  });
});

describe('a breach of the protocol by the server', () => {
  it.each([
    ['a second welcome', () => encode.welcome(aWelcome({ taken: [[0, []]] }))],
    ['an offset that is not the next', () => encode.serverMessage(2, '1')],
    ['an offset again', () => `${encode.serverMessage(1, '1')}\n${encode.serverMessage(1, '1')}`],
    ['taken for what nobody asked', () => encode.taken([null])],
    ['an acknowledgement of what was never sent', () => encode.acknowledge(0, 3)],
    ['an acknowledgement for nobody', () => encode.acknowledge(7, 1)],
    ['a refusal for nobody', () => encode.refuse(7, 1, { code: 'X', message: '' })],
    ['a refusal of what was never sent', () => encode.refuse(0, 3, { code: 'X', message: '' })],
  ])('%s: ends the connection with 1002', (_name, frame) => {
    const scene = aScene();
    scene.host.send();
    scene.host.send();
    scene.start();
    scene.host.send();
    scene.hear(frame());
    expect(scene.host.failures).toEqual([['PROTOCOL_ERROR', 1002]]);
    expect(scene.host.settled).toEqual([]);
  });

  it.each([
    ['text that is no frame', 'x', 1002],
    ['bytes that are no frame', new ArrayBuffer(2), 1002],
    ['what is neither text nor bytes', new Blob(['x']), 1003],
  ])('%s', (_name, data, closeCode) => {
    const scene = aScene().start();
    scene.conversation.receive(data);
    expect(scene.host.failures).toEqual([['PROTOCOL_ERROR', closeCode]]);
  });

  it.each([encode.serverMessage(1, '1'), encode.acknowledge(0, 1), encode.ping(1), encode.taken([])])(
    'anything before the welcome: %s',
    (frame) => {
      expect(aScene().open().hear(frame).host.failures).toEqual([['PROTOCOL_ERROR', 1002]]);
    },
  );

  it('a welcome that answers for another number of logs', () => {
    for (const taken of [[], [null, null]]) {
      const scene = aScene().open().welcome({ taken });
      expect([scene.host.failures, scene.host.welcomes]).toEqual([[['PROTOCOL_ERROR', 1002]], []]);
    }
  });

  // Delivered is a promise: what was never on a wire can not have been taken.
  it('a position of the own log beyond all that was ever sent', () => {
    const scene = aScene();
    scene.host.send();
    scene.open().welcome({ taken: [[1, []]] });
    expect(scene.host.settled).toEqual([]);
    expect(scene.host.failures).toEqual([['PROTOCOL_ERROR', 1002]]);
  });

  it('ends the message it came in: what follows in it counts no more', () => {
    const scene = aScene().start();
    scene.host.onFail = () => void scene.end();
    scene.hear(encode.serverMessage(7, '1'), encode.serverMessage(1, '1'));
    expect([scene.host.failures.length, scene.host.delivered]).toEqual([1, []]);
  });

  it('after the end is not even heard', () => {
    const scene = aScene().start().end();
    scene.hear('x', encode.serverMessage(1, '1'));
    expect([scene.host.failures, scene.host.delivered]).toEqual([[], []]);
  });
});
