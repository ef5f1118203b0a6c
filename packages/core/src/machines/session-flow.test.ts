import { adoptLog, removeLog } from './outbox.ts';
import { describe, expect, it } from 'vitest';
import { encode } from '../protocol/frames.ts';
import { Scene } from './conversation.fixture.ts';
import type { Conversation } from './conversation.ts';
import { ProducerLog, type Entry } from './producer-log.ts';
import { holdfastSession } from './session.ts';

const aScene = (): Scene<Conversation> => new Scene((host) => holdfastSession(host));
const refused = { code: 'NO', message: 'no' };

describe('messages to the server', () => {
  it('go in one WebSocket message a turn, in order', () => {
    const scene = aScene().start();
    for (const text of ['a', 'b', 'c']) scene.host.send(text);
    scene.conversation.flush();
    expect(scene.host.written).toEqual(['["m",0,1,"a"]\n["m",0,2,"b"]\n["m",0,3,"c"]']);
  });

  it('wait for company while 64 of their log are in flight, and an answer ends the wait', () => {
    const scene = aScene().start();
    const { own } = scene.host.queue;
    const appended = (log: ProducerLog): [atTurn: number, within: number[]] => {
      const { flushes } = scene.host;
      scene.host.flushesWithin.length = 0;
      scene.conversation.appended(log);
      return [scene.host.flushes - flushes, scene.host.flushesWithin];
    };
    for (let count = 0; count < 63; count += 1) scene.host.send();
    scene.flush();
    scene.host.send();
    expect(appended(own)).toEqual([1, []]);
    scene.flush();
    scene.host.send();
    expect(appended(own)).toEqual([0, [2]]);
    // Another lane is not part of the stream.
    expect(appended(new ProducerLog('urgent', () => {}))).toEqual([1, []]);
    const { flushes } = scene.host;
    scene.hear(encode.acknowledge(0, 1));
    expect(scene.host.flushes).toBe(flushes + 1);
    expect(scene.flush()).toEqual([['m', 0, 65, 'x']]);
  });

  it('are split at 16 KiB, and a larger one travels alone', () => {
    const scene = aScene().start({ limits: { messageBytes: 100_000, producers: 4, producerTtlMs: 1_000 } });
    for (const size of [5_000, 5_000, 5_000, 5_000, 20_000, 10]) scene.host.send('x'.repeat(size));
    scene.conversation.flush();
    expect(scene.host.written.map((text) => text.split('\n').length)).toEqual([3, 1, 1, 1]);
    for (const text of scene.host.written) expect(text.length <= 16_384 || !text.includes('\n')).toBe(true);
  });

  it('keep to the window, and an acknowledgement makes room', () => {
    const scene = aScene();
    for (let count = 0; count < 5; count += 1) scene.host.send();
    scene.start({ window: { messages: 2, bytes: 1_000 } });
    expect(scene.host.takeFrames().length).toBe(2);
    const { flushes } = scene.host;
    scene.hear(encode.acknowledge(0, 1));
    expect(scene.host.flushes).toBe(flushes + 1);
    expect(scene.flush()).toEqual([['m', 0, 3, 'x']]);
  });

  // A server may refuse all that is in flight before it acknowledges any of it.
  it('go on after a refusal, too: it makes room like an acknowledgement', () => {
    const scene = aScene();
    for (let count = 0; count < 3; count += 1) scene.host.send();
    scene.start({ window: { messages: 1, bytes: 1_000 } }).host.takeFrames();
    const { flushes } = scene.host;
    scene.hear(encode.refuse(0, 1, refused));
    expect([scene.host.settled, scene.host.flushes]).toEqual([['own:1 REFUSED'], flushes + 1]);
    expect(scene.flush()).toEqual([['m', 0, 2, 'x']]);
  });

  it('are skipped on the wire when they are withdrawn', () => {
    const scene = aScene();
    const entries = Array.from({ length: 3 }, () => scene.host.send());
    scene.host.queue.own.withdraw(entries[0] as Entry);
    scene.start();
    expect(scene.host.takeFrames()).toEqual([
      ['s', 0, 1],
      ['m', 0, 2, 'x'],
      ['m', 0, 3, 'x'],
    ]);
  });

  it('are sent again on the next connection, from what the server has', () => {
    const scene = aScene();
    for (let count = 0; count < 3; count += 1) scene.host.send();
    scene.start().end().host.takeFrames();
    expect(scene.open().hello!.producers).toEqual([['own', 1, 4, 3]]);
    scene.welcome({ taken: [[1, []]], resumed: true });
    scene.conversation.start();
    expect([scene.host.settled, scene.host.takeFrames()]).toEqual([
      ['own:1 ok'],
      [
        ['m', 0, 2, 'x'],
        ['m', 0, 3, 'x'],
      ],
    ]);
  });

  it('expire by the server clock when they come from a page that is gone, once they are proved untaken', () => {
    const scene = aScene();
    const log = scene.host.log('gone');
    for (const since of [4_000, null, 9_000]) {
      log.restore({ seq: log.nextSeq, payload: '1', bytes: 1, ttl: { ms: 3_000, since } });
    }
    adoptLog(scene.host.queue, log);
    scene.host.clock = 100;
    scene.open().welcome({ time: 5_000 });
    const expected = [100 + 2_000, 100 + 3_000, 100 + 3_000];
    expect([...log.entries].map(({ expiresAt }) => expiresAt)).toEqual(expected);
    expect(scene.host.expiries).toEqual(expected);
  });
});

describe('a log that comes in pages', () => {
  it('has the limit and the clock of the server applied to each page', () => {
    const scene = aScene();
    const log = scene.host.log('gone');
    log.restore({ seq: 1, payload: '1', bytes: 1, ttl: null });
    log.storedTo = 5;
    log.nextSeq = 6;
    adoptLog(scene.host.queue, log);
    scene.open().welcome({
      time: 5_000,
      taken: [
        [0, []],
        [0, []],
      ],
    });
    scene.conversation.start();
    expect(scene.host.takeFrames()).toEqual([['m', 1, 1, 1]]);
    const now = scene.host.clock;
    log.restore({ seq: 2, payload: '2', bytes: 10_000_000, ttl: null });
    log.restore({ seq: 3, payload: '3', bytes: 1, ttl: { ms: 3_000, since: 4_000 } });
    log.restore({ seq: 4, payload: '4', bytes: 1, ttl: { ms: 3_000, since: 1_000 } });
    log.restore({ seq: 5, payload: '5', bytes: 1, ttl: null });
    expect(scene.flush()).toEqual([
      ['s', 1, 2],
      ['m', 1, 3, 3],
    ]);
    expect(scene.host.settled).toEqual(['gone:2 MESSAGE_TOO_LARGE']);
    // The fourth has expired already: nothing is sent past it before it is withdrawn.
    expect(scene.host.expiries).toEqual([now + 2_000, now - 1_000]);
  });
});

describe('several logs', () => {
  it('are listed with their claims, and each is answered for', () => {
    const scene = aScene();
    const gone = scene.host.log('gone');
    for (const seq of [4, 5, 6]) gone.restore({ seq, payload: `${seq}`, bytes: 1, ttl: null });
    adoptLog(scene.host.queue, gone);
    scene.host.send('mine');
    expect(scene.open().hello!.producers).toEqual([
      ['own', 1, 2, 0],
      ['gone', 4, 7, 6],
    ]);
    scene.welcome({
      taken: [
        [0, []],
        [5, []],
      ],
    });
    scene.conversation.start();
    expect(scene.host.settled).toEqual(['gone:4 ok', 'gone:5 ok']);
    expect(scene.host.takeFrames()).toEqual([
      ['m', 1, 6, 6],
      ['m', 0, 1, 'mine'],
    ]);
  });

  it('are listed later when they come later, and wait for their answer', () => {
    const scene = aScene().start();
    const gone = scene.host.log('gone');
    gone.restore({ seq: 1, payload: '1', bytes: 1, ttl: null });
    adoptLog(scene.host.queue, gone);
    expect(scene.flush()).toEqual([['producers', [['gone', 1, 2, 1]]]]);
    expect(scene.flush()).toEqual([]);
    scene.hear(encode.taken([[0, []]]));
    expect(scene.flush()).toEqual([['m', 1, 1, 1]]);
    scene.hear(encode.acknowledge(1, 1));
    expect(scene.host.settled).toEqual(['gone:1 ok']);
  });

  it('are listed page by page, as those before them are finished', () => {
    const scene = aScene().start({ limits: { messageBytes: 1_000, producers: 3, producerTtlMs: 1_000 } });
    const logs = Array.from({ length: 7 }, (_, index) => scene.host.log(`log-${index}`));
    for (const log of logs) adoptLog(scene.host.queue, log);
    const listed: unknown[] = [];
    for (let round = 0; round < 10; round += 1) {
      for (const frame of scene.flush()) {
        if (frame[0] !== 'producers') continue;
        const claims = frame[1] as [string][];
        listed.push(...claims.map(([id]) => id));
        expect(claims.length).toBeLessThanOrEqual(3);
        scene.hear(encode.taken(claims.map(() => [0, []])));
        for (const [id] of claims) {
          removeLog(
            scene.host.queue,
            logs.find((log) => log.id === id)!,
          );
          scene.conversation.finish(id);
        }
      }
    }
    expect(listed).toEqual(logs.map(({ id }) => id));
  });

  it('are finished once, now or on the next connection', () => {
    const scene = aScene().start();
    scene.conversation.finish('gone');
    expect([scene.flush(), scene.flush()]).toEqual([[['fin', 'gone']], []]);
    scene.end().conversation.finish('later');
    scene.open().welcome();
    expect(scene.flush()).toEqual([['fin', 'later']]);
  });
});

describe('messages of the server', () => {
  it('reach the app in order, and are acknowledged together', () => {
    const scene = aScene().start();
    scene.hear(encode.serverMessage(1, '{"a":1}'), encode.serverMessage(2, 'null'));
    scene.hear(encode.serverMessage(3, '"c"'));
    expect(scene.host.delivered).toEqual([{ a: 1 }, null, 'c']);
    expect(scene.host.flushesWithin).toEqual([25, 25, 25]);
    expect([scene.flush(), scene.flush()]).toEqual([[['a', 3]], []]);
  });

  it('are acknowledged at once when 64 are not', () => {
    const scene = aScene().start();
    const { flushes } = scene.host;
    for (let offset = 1; offset <= 63; offset += 1) scene.hear(encode.serverMessage(offset, '1'));
    expect(scene.host.flushes).toBe(flushes);
    scene.hear(encode.serverMessage(64, '1'));
    expect(scene.host.flushes).toBe(flushes + 1);
  });

  it('are not acknowledged again after the welcome of the next connection', () => {
    const scene = aScene().start();
    scene.hear(encode.serverMessage(1, '1')).end();
    scene.start({ offset: 1, resumed: true });
    expect(scene.flush()).toEqual([]);
    scene.hear(encode.serverMessage(2, '2'));
    expect(scene.flush()).toEqual([['a', 2]]);
  });

  it('count as received though the app ended the connection while it had one', () => {
    const scene = aScene().start();
    scene.host.onDeliver = () => void scene.end();
    scene.hear(encode.serverMessage(1, '1'), encode.serverMessage(2, '2'));
    expect(scene.host.delivered).toEqual([1]);
    expect(scene.open().hello).toMatchObject({ received: 1 });
  });

  it('are not acknowledged before the app has them', () => {
    const scene = aScene().start();
    let inBetween: unknown[][] = [];
    scene.host.onDeliver = () => {
      inBetween = scene.flush();
    };
    scene.hear(encode.serverMessage(1, '1'));
    expect([inBetween, scene.flush()]).toEqual([[], [['a', 1]]]);
  });
});

describe('the rest', () => {
  it('answers a ping, and times its own', () => {
    const scene = aScene().start();
    scene.hear(encode.ping(7));
    expect(scene.flush()).toEqual([['q', 7]]);
    scene.host.clock = 1_000;
    scene.conversation.ping();
    scene.host.clock = 1_040;
    scene.hear(encode.pong(0), encode.pong(1), encode.pong(9));
    // One that comes twice is one answer.
    scene.host.clock = 5_000;
    scene.hear(encode.pong(1));
    expect([scene.host.takeFrames(), scene.host.roundTrips]).toEqual([[['p', 1]], [40]]);
  });

  it('pings nobody before the welcome', () => {
    const scene = aScene().open();
    scene.conversation.ping();
    expect(scene.host.written).toEqual([]);
  });

  it('tells the app of a protocol error that the server found', () => {
    const scene = aScene().start();
    scene.hear(encode.error({ code: 'PROTOCOL_ERROR', message: 'what was that?' }));
    expect(scene.host.reports).toMatchObject([{ code: 'PROTOCOL_ERROR' }]);
  });

  it('keeps for how long the server said to wait, until the next connection, and leaves the rest to the close code', () => {
    const scene = aScene().start();
    scene.hear(encode.error({ code: 'BUSY', message: 'later', retryAfterMs: 900 }));
    expect(scene.host.reports).toEqual([]);
    expect([scene.conversation.retryAfterMs, scene.host.failures]).toEqual([900, []]);
    expect(scene.end().open().conversation.retryAfterMs).toBe(null);
  });

  it('forgets with the connection how long it was told to wait, and believes no more than ten minutes', () => {
    const scene = aScene().start();
    scene.hear(encode.error({ code: 'BUSY', message: 'later', retryAfterMs: 9_000_000_000 }));
    expect(scene.conversation.retryAfterMs).toBe(600_000);
    scene.end();
    expect(scene.conversation.retryAfterMs).toBe(null);
  });

  it('hears an error before the welcome, too', () => {
    const scene = aScene()
      .open()
      .hear(encode.error({ code: 'FULL', message: '', retryAfterMs: 5 }));
    expect([scene.conversation.retryAfterMs, scene.host.failures]).toEqual([5, []]);
  });
});

describe('what onConnect sends', () => {
  it('goes before the outbox, in a log of its own that is listed with its first message', () => {
    const scene = aScene();
    scene.host.send('queued');
    const direct = scene.host.log('direct-1');
    expect(scene.open(null, direct).hello!.producers.map(([id]) => id)).toEqual(['own']);
    scene.welcome();
    expect(scene.flush()).toEqual([]);
    scene.host.send('first', direct);
    expect(scene.flush()).toEqual([['producers', [['direct-1', 1, 2, 0]]]]);
    scene.hear(encode.taken([[0, []]]));
    expect(scene.flush()).toEqual([['m', 1, 1, 'first']]);
    scene.hear(encode.acknowledge(1, 1));
    expect(scene.host.settled).toEqual(['direct-1:1 ok']);
    scene.conversation.start();
    expect(scene.host.takeFrames()).toEqual([['m', 0, 1, 'queued']]);
  });

  it('keeps to the window, and goes on when there is room', () => {
    const scene = aScene();
    const direct = scene.host.log('direct-1');
    scene.open(null, direct).welcome({ window: { messages: 2, bytes: 1_000 } });
    for (let count = 0; count < 3; count += 1) scene.host.send('x', direct);
    scene.flush();
    scene.hear(encode.taken([[0, []]]));
    expect(scene.flush().length).toBe(2);
    scene.hear(encode.acknowledge(1, 1));
    expect(scene.flush()).toEqual([['m', 1, 3, 'x']]);
  });

  it('is forgotten by the server after the connection, and never sent again', () => {
    const scene = aScene();
    const direct = scene.host.log('direct-1');
    scene.open(null, direct).welcome();
    scene.host.send('x', direct);
    scene.flush();
    scene.end().open().welcome();
    expect(scene.flush()).toEqual([['fin', 'direct-1']]);
  });

  it('costs the server nothing when it was nothing', () => {
    const scene = aScene();
    scene.open(null, scene.host.log('direct-1')).welcome();
    scene.end().open().welcome();
    expect(scene.flush()).toEqual([]);
  });
});
