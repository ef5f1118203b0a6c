import { expect, it } from 'vitest';
import { Scene } from './conversation.fixture.ts';
import type { Conversation } from './conversation.ts';
import { holdfastSession } from './session.ts';

/** A connection of which the server dies when it reads `poison`: gives what was sent on it, a WebSocket message a line. */
function connection(scene: Scene<Conversation>, poison: number): string[] {
  scene.start();
  const sent: string[] = [];
  for (let turn = 0; turn < 20; turn += 1) {
    scene.conversation.flush();
    const quietMs = scene.host.flushesWithin.splice(0).at(-1);
    const written = scene.host.written.splice(0).map(String);
    if (written.length === 0 && quietMs === undefined) break;
    if (written.length === 0) scene.host.clock += quietMs as number;
    for (const message of written) {
      const seqs = [...message.matchAll(/\["m",0,(\d+),/g)].map(([, seq]) => Number(seq));
      if (seqs.length === 0) continue;
      sent.push(seqs.join(' '));
      scene.host.clock += 40;
      if (seqs.includes(poison)) {
        scene.conversation.end(1006);
        return sent;
      }
      scene.hear(JSON.stringify(['a', 0, seqs.at(-1)]));
    }
  }
  scene.conversation.end(1001);
  return sent;
}

it('a message that kills each connection is set aside, and the others arrive', () => {
  const scene = new Scene((host) => holdfastSession(host));
  for (const payload of ['one', 'two', 'poison', 'four', 'five']) scene.host.send(payload);
  const connections = Array.from({ length: 9 }, () => connection(scene, 3));
  expect(connections).toEqual([
    // What was sent and not acknowledged is sent again, all of it …
    ['1 2 3 4 5'],
    ['1 2 3 4 5'],
    // … then one by one …
    ['1', '2', '3'],
    ['3'],
    ['3'],
    ['3'],
    ['3'],
    // … until only one can be to blame.
    ['4 5'],
    [],
  ]);
  expect(scene.host.settled).toEqual(['own:1 ok', 'own:2 ok', 'own:3 MESSAGE_POISONOUS', 'own:4 ok', 'own:5 ok']);
});

it('what follows it says that it was left out', () => {
  const scene = new Scene((host) => holdfastSession(host));
  for (const payload of ['poison', 'two']) scene.host.send(payload);
  for (let count = 0; count < 7; count += 1) connection(scene, 1);
  scene.start();
  expect(scene.host.takeFrames()).toEqual([]);
  scene.host.clock += 1_000;
  expect(scene.flush()).toEqual([
    ['s', 0, 1],
    ['m', 0, 2, 'two'],
  ]);
});

it('ends that blame nobody change nothing', () => {
  const scene = new Scene((host) => holdfastSession(host));
  for (const payload of ['one', 'two']) scene.host.send(payload);
  for (const code of [1012, 4408, 1001, undefined, 1013, 4409]) {
    scene.start();
    expect(scene.host.takeFrames()).toHaveLength(2);
    scene.conversation.end(code);
  }
});
