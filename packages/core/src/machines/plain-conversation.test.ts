import { describe, expect, it } from 'vitest';
import { Scene } from './conversation.fixture.ts';
import { PlainConversation, type PlainCodec } from './plain-conversation.ts';

function aScene(codec: PlainCodec = 'json'): Scene<PlainConversation> {
  return new Scene((host) => new PlainConversation(codec, host));
}

function started(scene = aScene()): Scene<PlainConversation> {
  scene.conversation.open(null, null);
  scene.conversation.start();
  return scene;
}

describe('a plain conversation', () => {
  it('is welcome as soon as it is open, and never resumed', () => {
    const scene = aScene();
    scene.host.send();
    scene.conversation.open(null, null);
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

  it('gives the browser no more than a window, so that what waits can still expire', () => {
    const scene = aScene();
    for (let count = 0; count < 1_500; count += 1) scene.host.send(count);
    scene.host.buffered = 1;
    started(scene);
    expect(scene.host.written.length).toBe(1_024);
    scene.host.buffered = 0;
    scene.conversation.flush();
    expect([scene.host.written.length, scene.host.settled.length]).toEqual([1_500, 1_024]);
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
    scene.conversation.open(null, null);
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
    scene.conversation.open(null, direct);
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
    for (const text of ['{', '', 'a\nb', '"']) scene.host.send(text);
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
