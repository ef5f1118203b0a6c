import { describe, expect, it } from 'vitest';
import { acknowledgement, pongBarrier, type AcknowledgementOptions } from './confirmation.ts';
import type { Conversation } from './conversation.ts';
import { Scene } from './conversation.fixture.ts';
import { plainConversation, type PlainSettings } from './plain-conversation.ts';

const byId: AcknowledgementOptions = {
  idOf: (data) => (data as { id?: number }).id,
  idsIn: (data) => (data as { done?: number | number[] } | null)?.done,
};

function aScene(settings: Partial<PlainSettings>): Scene<Conversation> {
  const scene = new Scene((host) => plainConversation(host, { codec: 'json', onDoubt: 'fail', ...settings }));
  scene.conversation.open(null);
  scene.conversation.start();
  return scene;
}

function send(scene: Scene<Conversation>, ...payloads: readonly object[]): void {
  for (const payload of payloads) {
    scene.host.send(payload as never);
    scene.conversation.appended(scene.host.queue.own);
  }
}

describe('acknowledgement()', () => {
  const acknowledged = (more: Partial<AcknowledgementOptions> = {}, onDoubt: 'fail' | 'resend' = 'fail') =>
    aScene({ confirm: acknowledgement({ ...byId, ...more }), onDoubt });

  it('settles what the server names, in any order, and hands the answer on', () => {
    const scene = acknowledged();
    send(scene, { id: 1 }, { id: 2 }, { id: 3 });
    scene.conversation.flush();
    expect(scene.host.settled, 'the browser has written them all').toEqual([]);
    scene.hear('{"done":2}');
    expect(scene.host.settled).toEqual(['own:2 ok']);
    scene.hear('{"done":[3,1]}');
    expect(scene.host.settled).toEqual(['own:2 ok', 'own:3 ok', 'own:1 ok']);
    expect(scene.host.delivered).toEqual([{ done: 2 }, { done: [3, 1] }]);
  });

  it('asks the browser for nothing while the server has the word, and goes on behind a flush', () => {
    const scene = acknowledged();
    send(scene, { id: 1 });
    expect(scene.host.flushesWithin).toEqual([]);
    const { flushes } = scene.host;
    scene.hear('{"done":1}');
    expect(scene.host.flushes, 'who closes after the last one waits for this').toBeGreaterThan(flushes);
  });

  it('counts what has no id as delivered when the browser has written it, and what was before it is settled', () => {
    const scene = acknowledged();
    send(scene, { id: 1 }, {});
    scene.host.buffered = 0;
    scene.conversation.flush();
    expect([scene.host.settled, scene.host.flushesWithin.length > 0]).toEqual([[], true]);
    scene.hear('{"done":1}');
    scene.conversation.flush();
    expect(scene.host.settled).toEqual(['own:1 ok', 'own:2 ok']);
  });

  it('confirms the older of two messages with one id first', () => {
    const scene = acknowledged();
    send(scene, { id: 1 }, { id: 1 });
    scene.hear('{"done":1}');
    expect(scene.host.settled).toEqual(['own:1 ok']);
  });

  it('passes over ids of nothing, and what it does not know', () => {
    const scene = acknowledged();
    send(scene, { id: 1 });
    scene.hear('{"done":7}').hear('null').hear('{"done":[]}');
    expect([scene.host.settled, scene.host.reports]).toEqual([[], []]);
  });

  it('leaves a message in doubt whose id could not be told', () => {
    const cause = new Error('mine');
    const scene = acknowledged({
      idOf() {
        throw cause;
      },
    });
    send(scene, { id: 1 });
    scene.conversation.flush();
    scene.end();
    expect(scene.host.settled).toEqual(['own:1 OUTCOME_UNKNOWN']);
    expect(scene.host.reports).toMatchObject([{ code: 'LISTENER_FAILED', message: 'idOf() threw', cause }]);
  });

  it('reports a reader that throws, and hands the message on', () => {
    const scene = acknowledged({
      idsIn() {
        throw new Error('mine');
      },
    });
    send(scene, { id: 1 });
    scene.hear('{"done":1}');
    expect([scene.host.reports[0]?.message, scene.host.delivered]).toEqual(['idsIn() threw', [{ done: 1 }]]);
  });

  it('an answer that comes on the next connection confirms nothing that was given up', () => {
    const scene = acknowledged();
    send(scene, { id: 1 });
    scene.end();
    scene.conversation.open(null);
    scene.hear('{"done":1}');
    expect(scene.host.settled).toEqual(['own:1 OUTCOME_UNKNOWN']);
  });

  it('onDoubt resend: sends again what is not confirmed, in its place, and nothing else', () => {
    const scene = acknowledged({}, 'resend');
    send(scene, { id: 1 }, { id: 2 }, { id: 3 });
    scene.hear('{"done":2}').end();
    scene.host.written.length = 0;
    scene.conversation.open(null);
    scene.conversation.start();
    expect([scene.host.written, scene.host.settled]).toEqual([['{"id":1}', '{"id":3}'], ['own:2 ok']]);
  });

  it('holds back what is beyond a megabyte of unconfirmed messages', () => {
    const scene = acknowledged();
    const pad = 'x'.repeat(300_000);
    send(scene, ...[1, 2, 3, 4, 5].map((id) => ({ id, pad })));
    expect(scene.host.written).toHaveLength(4);
    scene.hear('{"done":3}');
    scene.conversation.flush();
    expect(scene.host.written).toHaveLength(5);
  });
});

describe('pongBarrier()', () => {
  const ping = { data: () => 'ping', isPong: (data: unknown) => data === 'pong' };
  const barred = (onDoubt: 'fail' | 'resend' = 'fail') => aScene({ confirm: pongBarrier(), ping, onDoubt });

  it('asks once for all messages of a turn, and settles them by the answer', () => {
    const scene = barred();
    send(scene, { a: 1 }, { a: 2 });
    scene.conversation.flush();
    expect(scene.host.written).toEqual(['{"a":1}', '{"a":2}', 'ping']);
    expect(scene.host.settled).toEqual([]);
    scene.hear('pong');
    expect(scene.host.settled).toEqual(['own:1 ok', 'own:2 ok']);
  });

  it('has one ping on its way: what is written meanwhile shares the next', () => {
    const scene = barred();
    send(scene, { a: 1 });
    scene.conversation.flush();
    send(scene, { a: 2 }, { a: 3 });
    scene.conversation.flush();
    expect(scene.host.written.filter((text) => text === 'ping')).toHaveLength(1);
    const { flushes } = scene.host;
    scene.hear('pong');
    expect([scene.host.settled, scene.host.flushes]).toEqual([['own:1 ok'], flushes + 1]);
    scene.conversation.flush();
    expect(scene.host.written.at(-1)).toBe('ping');
    scene.hear('pong');
    expect(scene.host.settled).toEqual(['own:1 ok', 'own:2 ok', 'own:3 ok']);
  });

  it('takes the answer to a ping of the heartbeat for what it is worth, no more', () => {
    const scene = barred();
    scene.conversation.ping();
    send(scene, { a: 1 });
    scene.conversation.flush();
    scene.hear('pong');
    expect(scene.host.settled, 'written after that ping').toEqual([]);
    scene.conversation.flush();
    scene.hear('pong');
    expect(scene.host.settled).toEqual(['own:1 ok']);
  });

  it('an answer of an earlier connection proves nothing on this one', () => {
    const scene = barred('resend');
    send(scene, { a: 1 });
    scene.conversation.flush();
    scene.end();
    scene.conversation.open(null);
    scene.hear('pong');
    scene.conversation.start();
    expect(scene.host.settled).toEqual([]);
    scene.hear('pong');
    expect(scene.host.settled).toEqual(['own:1 ok']);
  });
});
