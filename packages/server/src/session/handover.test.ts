import type { MessageData } from '@holdfast/core/protocol';
import { describe, expect, test } from 'vitest';
import { World, type ScriptedConnection } from './engine.fixture.ts';

const MESSAGES = 40;

/** Messages both ways at every moment, a handler and an `authenticate` that take their time, and one change of sockets. */
async function moveAt(moment: number): Promise<void> {
  const took: (readonly [seq: number, data: MessageData, redelivered: boolean])[] = [];
  const world = new World({
    onMessage: (message) =>
      new Promise((resolve) => {
        took.push([message.seq, message.data, message.redelivered]);
        world.environment.setTimer(3, resolve);
      }),
    authenticate: () =>
      new Promise((resolve) => {
        world.environment.setTimer(2, () => resolve('me'));
      }),
  });
  const old = world.connect();
  old.hello({ producers: [['p', 1, 1, 0]] });
  await world.advance(2);
  const [session] = world.sessions;
  if (session === undefined) throw new Error('no session');

  let seq = 0;
  let next: ScriptedConnection | null = null;
  const late: number[] = [];
  let heard: readonly number[] = [];
  for (let now = 0; now < 200; now += 1) {
    if (session.send(`down ${now}`) !== now + 1) throw new Error('an offset was lost');
    if (now === moment) {
      next = world.connect();
      heard = offsets(old);
      const claim = [['p', 1, seq + 1, seq]] as const;
      next.hello({ n: 2, producers: claim, ...old.resumption(heard.length) });
    }
    if (next === null && seq < MESSAGES) {
      // Every fourth is still on its way when the client moves.
      seq += 1;
      if (now > moment - 4) late.push(seq);
      else old.m(0, seq);
    }
    if (next !== null) {
      const first = late.shift();
      if (first !== undefined) old.m(0, first);
      if (next.ofKind('welcome').length > 0) {
        // Sends again what was not taken, then goes on.
        if (seq <= MESSAGES) seq = MESSAGES + 1 + (next.welcome.taken[0]?.[0] as number);
        else if (seq - MESSAGES <= MESSAGES) next.m(0, seq++ - MESSAGES);
      }
    }
    await world.advance(1);
  }
  if (next === null) throw new Error('never moved');

  expect(took).toEqual(Array.from({ length: MESSAGES }, (_, index) => [index + 1, `data ${index + 1}`, false]));
  expect(next.welcome).toMatchObject({ resumed: true, offset: heard.length });
  expect([...heard, ...offsets(next)]).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
  expect(old.closedWith?.code).toBe(4409);
  expect(next.closedWith).toBeNull();
  expect(next.acknowledged()).toBe(MESSAGES);
}

function offsets(connection: ScriptedConnection): number[] {
  return connection.ofKind('m').map(({ offset }) => offset);
}

describe('a session that moves while its old socket lives', () => {
  test('loses, doubles and reorders nothing in either direction, whenever it moves', async () => {
    for (let moment = 1; moment < MESSAGES; moment += 1) await moveAt(moment);
  });

  test('what ran settles before `taken` is told; what waited and what comes late counts for nothing', async () => {
    const world = new World();
    world.holds = true;
    const old = await world.join({ producers: [['p', 1, 1, 0]] });
    for (const seq of [1, 2, 3]) old.m(0, seq);
    const next = await world.join({ n: 2, producers: [['p', 1, 5, 4]], ...old.resumption() });
    // The session has moved: the old socket hears nothing more, and says nothing any more.
    expect(old.closedWith?.code).toBe(4409);
    const heard = old.texts.length;
    old.m(0, 4);
    old.raw('["hello",{"v":1,"client":"client","n":3,"producers":[]}]');
    old.raw('no frame at all');
    world.sessions[0]?.send('for the new one');
    expect(next.texts).toEqual([]);
    world.held[0]?.succeed();
    await world.settle();
    expect(next.welcome).toMatchObject({ resumed: true, taken: [[1, []]] });
    expect(offsets(next)).toEqual([1]);
    world.holds = false;
    for (const seq of [2, 3, 4]) next.m(0, seq);
    await world.settle();
    expect(world.runs.map(({ id, redelivered }) => [id, redelivered])).toEqual(
      [1, 2, 3, 4].map((seq) => [`p:${seq}`, false]),
    );
    expect(next.acknowledged()).toBe(4);
    expect(old.texts).toHaveLength(heard);
    old.drop();
    expect(world.engine.sessions.get(next.welcome.session)?.isConnected).toBe(true);
  });

  test('a hello that is refused leaves the old socket as it was', async () => {
    const world = new World({
      authenticate: ({ token }) => {
        if (token === undefined) return 'me';
        throw new Error('no database');
      },
    });
    const old = await world.join({ producers: [['p', 1, 1, 0]] });
    const next = await world.join({ n: 2, auth: 'token', producers: [['p', 1, 1, 0]], ...old.resumption() });
    expect(next.closedWith?.code).toBe(1011);
    old.m(0, 1);
    world.sessions[0]?.send('still here');
    await world.settle();
    expect([old.acknowledged(), offsets(old), old.closedWith]).toEqual([1, [1], null]);
  });
});
