import { describe, expect, it } from 'vitest';
import { Scene } from './conversation.fixture.ts';
import { anEntry } from './outbox.fixture.ts';
import type { Conversation } from './conversation.ts';
import type { Ping } from './ping.ts';
import { plainConversation, type PlainCodec, type PlainSettings } from './plain-conversation.ts';

function aScene(codec: PlainCodec = 'json', ping?: Ping, more: Partial<PlainSettings> = {}): Scene<Conversation> {
  return new Scene((host) => plainConversation(host, { codec, ping, onDoubt: 'fail', ...more }));
}

function started(scene = aScene()): Scene<Conversation> {
  scene.conversation.open(null);
  scene.conversation.start();
  return scene;
}

describe('a plain conversation', () => {
  it('is welcome as soon as it is open, and never resumed', () => {
    const scene = aScene();
    scene.host.send();
    scene.conversation.open(null);
    expect([scene.host.welcomes, scene.host.written]).toEqual([[{ resumed: false, heartbeat: null }], []]);
  });

  it('writes each message as a WebSocket message of its own', () => {
    const scene = aScene();
    scene.host.send({ a: 1 });
    scene.host.send([2]);
    expect(started(scene).host.written).toEqual(['{"a":1}', '[2]']);
  });

  it('counts a message as delivered when the browser has written all it was given', () => {
    const scene = aScene();
    scene.host.send('a');
    scene.host.buffered = 3;
    started(scene);
    scene.conversation.flush();
    expect([scene.host.settled, scene.host.flushesWithin]).toEqual([[], [20, 20]]);
    scene.host.buffered = 0;
    scene.conversation.flush();
    expect(scene.host.settled).toEqual(['own:1 ok']);
    expect(scene.host.flushesWithin.length, 'nobody asks any more').toBe(2);
  });

  it('counts what has left a browser that is still busy, and never what it may still have', () => {
    const scene = aScene();
    for (const text of ['a', 'bb', 'ccc', 'dddd']) scene.host.send(text);
    scene.host.buffered = 18;
    started(scene);
    for (const buffered of [16, 15, 12, 7, 6, 1]) {
      scene.host.buffered = buffered;
      scene.conversation.flush();
      scene.host.settled.push(`at ${buffered}`);
    }
    expect(scene.host.settled).toEqual([
      'at 16',
      'own:1 ok',
      'at 15',
      'at 12',
      'own:2 ok',
      'at 7',
      'own:3 ok',
      'at 6',
      'at 1',
    ]);
  });

  it('settles behind what failed in the middle', () => {
    const scene = aScene();
    const [, second] = ['a', 'b', 'c'].map((text) => scene.host.send(text));
    scene.host.queue.own.fail(second!, { code: 'EXPIRED', message: '' });
    started(scene);
    scene.conversation.flush();
    expect([scene.host.written, scene.host.settled]).toEqual([
      ['"a"', '"c"'],
      ['own:2 EXPIRED', 'own:1 ok', 'own:3 ok'],
    ]);
  });

  it('writes a message at once when it is appended and the outbox flows, behind those that wait', () => {
    const scene = aScene();
    scene.conversation.open(null);
    scene.host.send('early');
    scene.conversation.appended(scene.host.queue.own);
    expect(scene.host.written).toEqual([]);
    scene.conversation.start();
    scene.host.send('late');
    scene.conversation.appended(scene.host.queue.own);
    expect(scene.host.written).toEqual(['"early"', '"late"']);
  });

  it('gives the browser about a megabyte and no more before some of it has left, so that what waits can expire', () => {
    const scene = aScene();
    const text = 'x'.repeat(99_998);
    for (let count = 0; count < 30; count += 1) scene.host.send(text);
    scene.host.buffered = 1_100_000;
    started(scene);
    expect(scene.host.written.length).toBe(11);
    scene.host.buffered = 900_000;
    scene.conversation.flush();
    expect([scene.host.written.length, scene.host.settled.length]).toEqual([13, 2]);
    scene.host.buffered = 0;
    scene.conversation.flush();
    expect([scene.host.written.length, scene.host.settled.length]).toEqual([24, 13]);
  });

  it('does not know what became of what was written when the connection ends, and never writes it again', () => {
    const scene = aScene();
    scene.host.buffered = 1;
    started(scene);
    scene.host.send('a');
    scene.host.send('b');
    scene.conversation.flush();
    scene.conversation.end();
    scene.host.send('c');
    expect(scene.host.settled).toEqual(['own:1 OUTCOME_UNKNOWN', 'own:2 OUTCOME_UNKNOWN']);
    scene.host.written.length = 0;
    scene.host.buffered = 0;
    started(scene);
    expect(scene.host.written).toEqual(['"c"']);
    scene.conversation.flush();
    expect(scene.host.settled.at(-1)).toBe('own:3 ok');
  });

  it('keeps what was never written for the next connection', () => {
    const scene = aScene();
    scene.host.send('a');
    scene.conversation.open(null);
    scene.conversation.end();
    expect(scene.host.settled).toEqual([]);
    expect(started(scene).host.written).toEqual(['"a"']);
  });

  it('skips what was withdrawn', () => {
    const scene = aScene();
    scene.host.queue.own.withdraw(scene.host.send('a'));
    scene.host.send('b');
    expect(started(scene).host.written).toEqual(['"b"']);
  });

  it('writes what onConnect sends before the outbox, and settles it alike', () => {
    const scene = aScene();
    const direct = scene.host.log('direct');
    scene.host.send('queued');
    scene.host.queue.direct = direct;
    scene.conversation.open(null);
    scene.host.send('first', direct);
    scene.conversation.flush();
    expect(scene.host.written).toEqual(['"first"']);
    scene.conversation.start();
    expect(scene.host.written).toEqual(['"first"', '"queued"']);
    scene.conversation.flush();
    expect(scene.host.settled).toEqual(['direct:1 ok', 'own:1 ok']);
  });

  it('does nothing before it is open and after it has ended', () => {
    const scene = aScene();
    scene.host.send();
    scene.conversation.flush();
    scene.conversation.receive('"a"');
    started(scene).conversation.end();
    scene.host.written.length = 0;
    scene.conversation.flush();
    scene.conversation.receive('"a"');
    scene.conversation.ping();
    expect([scene.host.written, scene.host.delivered]).toEqual([[], []]);
  });
});

describe('the codec', () => {
  it('json: decodes, and reports what it can not, without ending anything', () => {
    const scene = started();
    for (const data of ['{"a":1}', 'null', '{', '', new ArrayBuffer(2), '"ok"']) scene.conversation.receive(data);
    expect(scene.host.delivered).toEqual([{ a: 1 }, null, 'ok']);
    expect(scene.host.reports.map(({ code }) => code)).toEqual(['BAD_MESSAGE', 'BAD_MESSAGE', 'BAD_MESSAGE']);
    expect(scene.host.failures).toEqual([]);
  });

  it('never quotes what it could not decode', () => {
    const scene = started();
    scene.conversation.receive('{"token":"secret"');
    expect(JSON.stringify(scene.host.reports)).not.toContain('secret');
  });

  it('text: takes and gives strings as they are, whatever is in them', () => {
    const scene = aScene('text');
    for (const payload of ['{', '', 'a\nb', '"']) scene.host.queue.own.append(anEntry({ payload }));
    expect(started(scene).host.written).toEqual(['{', '', 'a\nb', '"']);
    scene.conversation.receive('{');
    expect(scene.host.delivered).toEqual(['{']);
  });

  it('text: reports bytes', () => {
    const scene = started(aScene('text'));
    scene.conversation.receive(new ArrayBuffer(2));
    expect([scene.host.delivered, scene.host.reports.map(({ code }) => code)]).toEqual([[], ['BAD_MESSAGE']]);
  });
});

describe('the ping', () => {
  it('is none of the conversation without the option', () => {
    const scene = started();
    scene.conversation.ping();
    expect([scene.host.written, scene.host.welcomes]).toEqual([[], [{ resumed: false, heartbeat: null }]]);
  });

  it('asks for the heartbeat of the socket, and writes what the option gives, as often as it is asked', () => {
    let count = 0;
    const scene = started(aScene('json', { data: () => `ping ${(count += 1)}` }));
    const { heartbeat } = scene.host.welcomes[0]!;
    expect(Math.min(7, heartbeat!.intervalMs), 'no bound of its own').toBe(7);
    scene.conversation.ping();
    scene.conversation.ping();
    expect(scene.host.written).toEqual(['ping 1', 'ping 2']);
  });

  it('can be bytes, and needs no connection that flows', () => {
    const scene = aScene('json', { data: () => new Uint8Array([0xc0, 0]) });
    scene.conversation.ping();
    expect(scene.host.written).toEqual([]);
    scene.conversation.open(null);
    scene.conversation.ping();
    expect(scene.host.written).toEqual(['bytes 192 0']);
  });

  it('hears its answer: the round trip is told, the app is not', () => {
    const scene = started(aScene('json', { data: () => 'ping', isPong: (data) => data === 'pong' }));
    scene.host.clock = 100;
    scene.conversation.ping();
    scene.host.clock = 142;
    scene.conversation.receive('pong');
    scene.conversation.receive('"pong"');
    expect([scene.host.roundTrips, scene.host.delivered, scene.host.reports]).toEqual([[42], ['pong'], []]);
  });

  it('that throws is reported, and breaks nothing off', () => {
    const cause = new Error('mine');
    const scene = started(
      aScene('json', {
        data: () => {
          throw cause;
        },
      }),
    );
    scene.conversation.ping();
    expect(scene.host.reports).toMatchObject([{ code: 'LISTENER_FAILED', cause }]);
  });
});
