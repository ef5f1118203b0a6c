import { describe, expect, it } from 'vitest';
import type { Failure } from '../lib/errors.ts';
import type { Event } from '../machines/connection-state.ts';
import { FakeEnvironment } from '../testing-fakes/fake-environment.fixture.ts';
import { createLink, type Link, type LinkOptions, type Target } from './link.ts';

const TARGET: Target = { url: 'ws://server.example/path', protocols: ['holdfast.v1'], token: 'token' };

function aLink(changes: Partial<LinkOptions> = {}): {
  link: Link;
  environment: FakeEnvironment;
  events: Event[];
  messages: unknown[];
} {
  const environment = new FakeEnvironment();
  const events: Event[] = [];
  const messages: unknown[] = [];
  const link = createLink({
    environment,
    target: () => TARGET,
    dispatch: (event) => events.push(event),
    onMessage: ({ data }) => messages.push(data),
    ...changes,
  });
  return { link, environment, events, messages };
}

/** A target that the test gives when it likes, at each attempt. */
function laterTargets(): { target: () => Promise<Target>; give: ((url: string) => void)[] } {
  const give: ((url: string) => void)[] = [];
  const target = (): Promise<Target> =>
    new Promise((resolve) => give.push((url) => resolve({ url, protocols: [], token: null })));
  return { target, give };
}

describe('connecting', () => {
  it('opens a WebSocket, and tells what becomes of it and how long the handshake took', async () => {
    const { link, environment, events, messages } = aLink({ retryAfterMs: () => 900 });
    link.run({ type: 'link/connect', connectionId: 3 });
    // At once: a class that stands for a WebSocket makes its own in its constructor.
    const { socket } = environment;
    await environment.advance(40);
    expect([socket.url, socket.protocols, link.token]).toEqual([TARGET.url, ['holdfast.v1'], 'token']);
    expect(link.socket).toBe(socket);
    socket.open();
    socket.receiveRaw('hi');
    expect(messages).toEqual(['hi']);
    socket.closeBy(1012, 'bye', true);
    expect(events).toEqual([
      { type: 'link/opened', connectionId: 3, ms: 40 },
      {
        type: 'link/closed',
        connectionId: 3,
        code: 1012,
        reason: 'bye',
        wasClean: true,
        retryAfterMs: 900,
        hasSlot: false,
      },
    ]);
    expect(link.socket).toBe(null);
  });

  it('asks where to connect at every attempt, and waits for the answer', async () => {
    const { target, give } = laterTargets();
    const { link, environment } = aLink({ target });
    for (const id of [1, 2]) {
      link.run({ type: 'link/connect', connectionId: id });
      await environment.settle();
      expect([environment.sockets.length, link.socket]).toEqual([id - 1, null]);
      give[id - 1]?.(`wss://server.example/${id}`);
      await environment.settle();
      expect(environment.socket.url).toBe(`wss://server.example/${id}`);
      link.run({ type: 'link/detach', code: 1000, reason: '' });
    }
  });

  it('measures the handshake alone, without the time that the app takes for its URL', async () => {
    const { target, give } = laterTargets();
    const { link, environment, events } = aLink({ target });
    link.run({ type: 'link/connect', connectionId: 1 });
    await environment.advance(5_000);
    give[0]?.('ws://server.example');
    await environment.advance(70);
    environment.socket.open();
    expect(events).toEqual([{ type: 'link/opened', connectionId: 1, ms: 70 }]);
  });

  it('has no token where none is needed', () => {
    const { link } = aLink({ target: () => ({ url: 'ws://a', protocols: [] }) });
    link.run({ type: 'link/connect', connectionId: 1 });
    expect(link.token).toBe(null);
  });
});

describe('a failed attempt', () => {
  const failure: Failure = { code: 'TOKEN_FAILED', message: 'why' };

  it.each([
    ['at once', () => ({ failure })],
    ['later', () => Promise.resolve({ failure })],
  ])('is told when there is no target, %s', async (_when, target) => {
    const { link, environment, events } = aLink({ target });
    link.run({ type: 'link/connect', connectionId: 1 });
    await environment.settle();
    expect(events).toEqual([{ type: 'link/failed', connectionId: 1, closeCode: 1001, failure }]);
    expect(environment.sockets).toEqual([]);
  });

  it('is one that the browser refuses', () => {
    const { link, environment, events } = aLink();
    environment.refusal = new DOMException('mixed content', 'SecurityError');
    link.run({ type: 'link/connect', connectionId: 1 });
    expect(events).toMatchObject([
      { type: 'link/failed', connectionId: 1, failure: { code: 'URL_FAILED', cause: { name: 'SecurityError' } } },
    ]);
    expect(link.socket).toBe(null);
  });

  it('leaves room for the next one', () => {
    const { link, environment } = aLink();
    environment.refusal = new TypeError('no');
    link.run({ type: 'link/connect', connectionId: 1 });
    link.run({ type: 'link/detach', code: 1001, reason: '' });
    link.run({ type: 'link/connect', connectionId: 2 });
    expect(link.socket).toBe(environment.socket);
  });
});

describe('when to come back', () => {
  const closings = (events: readonly Event[]): unknown[] =>
    events.flatMap((event) => (event.type === 'link/closed' ? [[event.retryAfterMs, event.hasSlot]] : []));

  it('is what the close reason says, else what a frame said, else nothing', () => {
    const { link, environment, events } = aLink({ retryAfterMs: () => 900 });
    for (const reason of ['busy; retry-after-ms=1500', 'busy']) {
      link.run({ type: 'link/connect', connectionId: 1 });
      environment.socket.closeBy(1013, reason);
      link.run({ type: 'link/detach', code: 1013, reason: reason });
    }
    const silent = aLink();
    silent.link.run({ type: 'link/connect', connectionId: 1 });
    silent.environment.socket.closeBy(1013);
    expect([closings(events), closings(silent.events)]).toEqual([
      [
        [1_500, false],
        [900, false],
      ],
      [[null, false]],
    ]);
  });

  it('is told once: a frame of the connection before says nothing about this one', () => {
    let said: number | null = 900;
    const { link, environment, events } = aLink({ retryAfterMs: () => said });
    link.run({ type: 'link/connect', connectionId: 1 });
    environment.socket.closeBy(1013);
    link.run({ type: 'link/detach', code: 1013, reason: '' });
    said = null;
    link.run({ type: 'link/connect', connectionId: 2 });
    environment.socket.closeBy(1013);
    expect(closings(events)).toEqual([
      [900, false],
      [null, false],
    ]);
  });

  it('with a slot: it is offered after the other subprotocols, on the next attempt and no other', () => {
    const { link, environment, events } = aLink();
    link.run({ type: 'link/connect', connectionId: 1 });
    environment.socket.closeBy(1013, 'busy; retry-after-ms=0; slot=a1B2');
    link.run({ type: 'link/detach', code: 1013, reason: '' });
    for (const id of [2, 3]) {
      link.run({ type: 'link/connect', connectionId: id });
      link.run({ type: 'link/detach', code: 1001, reason: '' });
    }
    expect(environment.sockets.map(({ protocols }) => protocols)).toEqual([
      ['holdfast.v1'],
      ['holdfast.v1', 'holdfast.slot.a1B2'],
      ['holdfast.v1'],
    ]);
    expect(closings(events)).toEqual([[0, true]]);
  });

  it('with a slot that a later end does not repeat: it is not offered any more', () => {
    const { link, environment } = aLink();
    link.run({ type: 'link/connect', connectionId: 1 });
    environment.socket.closeBy(1013, 'retry-after-ms=5; slot=a');
    link.run({ type: 'link/detach', code: 1013, reason: '' });
    environment.refusal = new TypeError('no');
    link.run({ type: 'link/connect', connectionId: 2 });
    link.run({ type: 'link/detach', code: 1001, reason: '' });
    link.run({ type: 'link/connect', connectionId: 3 });
    expect(environment.socket.protocols).toEqual(['holdfast.v1']);
  });
});

describe('detaching', () => {
  it('closes the socket and hears nothing of it any more', () => {
    const { link, environment, events, messages } = aLink();
    link.run({ type: 'link/connect', connectionId: 1 });
    const { socket } = environment;
    socket.open();
    link.run({ type: 'link/detach', code: 4408, reason: 'heartbeat missed' });
    socket.receiveRaw('late');
    socket.closeBy(1006);
    expect(socket.closes).toEqual([{ code: 4408, reason: 'heartbeat missed' }]);
    expect([events.length, messages, link.socket, link.token]).toEqual([1, [], null, null]);
  });

  it('does not close what has closed by itself', () => {
    const { link, environment } = aLink();
    link.run({ type: 'link/connect', connectionId: 1 });
    environment.socket.closeBy(1006);
    link.run({ type: 'link/detach', code: 1006, reason: '' });
    expect([environment.socket.closes, environment.socket.isDeaf]).toEqual([[], true]);
  });

  it('opens no socket when the target comes after it', async () => {
    const { target, give } = laterTargets();
    const { link, environment, events } = aLink({ target });
    link.run({ type: 'link/connect', connectionId: 1 });
    link.run({ type: 'link/detach', code: 1001, reason: '' });
    give[0]?.('ws://server.example');
    await environment.settle();
    expect([environment.sockets, events]).toEqual([[], []]);
  });

  it('lets the newest of two attempts open, whichever has its URL first', async () => {
    const { target, give } = laterTargets();
    const { link, environment, events } = aLink({ target });
    link.run({ type: 'link/connect', connectionId: 1 });
    link.run({ type: 'link/detach', code: 1001, reason: '' });
    link.run({ type: 'link/connect', connectionId: 2 });
    give[1]?.('ws://second.example');
    give[0]?.('ws://first.example');
    await environment.settle();
    environment.socket.open();
    expect(environment.sockets.map(({ url }) => url)).toEqual(['ws://second.example']);
    expect(events).toEqual([{ type: 'link/opened', connectionId: 2, ms: 0 }]);
  });

  it('of nothing does nothing', () => {
    const { link } = aLink();
    link.run({ type: 'link/detach', code: 1000, reason: '' });
    link.run({ type: 'link/abandon' });
    link.run({ type: 'link/prepare', connectionId: 0 });
    expect(link.socket).toBe(null);
  });
});

describe('a rival', () => {
  function aRace(changes: Partial<LinkOptions> = {}): ReturnType<typeof aLink> {
    const race = aLink(changes);
    race.link.run({ type: 'link/connect', connectionId: 1 });
    race.environment.socket.open();
    race.link.run({ type: 'link/connect', connectionId: 2 });
    race.events.length = 0;
    return race;
  }

  it('opens beside the connection in use, which goes on; it says nothing before it is in use', () => {
    const { link, environment, events, messages } = aRace();
    const [old, rival] = environment.sockets;
    expect(link.socket).toBe(old);
    rival?.open();
    rival?.receiveRaw('too early');
    old?.receiveRaw('still here');
    expect([events, messages]).toEqual([[{ type: 'link/opened', connectionId: 2, ms: 0 }], ['still here']]);
  });

  it('takes over: the old socket is deaf from there on, and open until the new one is welcomed', () => {
    const { link, environment, events, messages } = aRace();
    const [old, rival] = environment.sockets;
    rival?.open();
    link.run({ type: 'link/promote', connectionId: 0 });
    expect([link.socket === rival, old?.readyState]).toEqual([true, 'open']);
    old?.receiveRaw('too late');
    rival?.receiveRaw('first');
    expect(messages).toEqual(['first']);
    link.run({ type: 'link/prepare', connectionId: 0 });
    expect([old?.closes, rival?.closes, events.length]).toEqual([[{ code: 1000, reason: 'replaced' }], [], 1]);
  });

  it('takes over: the end of the old socket leaves the new one alone', () => {
    const { link, environment, events } = aRace();
    const [old, rival] = environment.sockets;
    rival?.open();
    link.run({ type: 'link/promote', connectionId: 0 });
    events.length = 0;
    old?.closeBy(1001, 'drained');
    // If it is told at all, then with its own id, which the machine takes for what it is: late.
    expect(events.filter((event) => 'connectionId' in event && event.connectionId !== 1)).toEqual([]);
    link.run({ type: 'link/prepare', connectionId: 0 });
    expect([link.socket === rival, rival?.closes]).toEqual([true, []]);
  });

  it('takes over before it is open, too', async () => {
    const { target, give } = laterTargets();
    const { link, environment, events } = aLink({ target });
    link.run({ type: 'link/connect', connectionId: 1 });
    give[0]?.('ws://one.example');
    await environment.settle();
    link.run({ type: 'link/connect', connectionId: 2 });
    link.run({ type: 'link/promote', connectionId: 0 });
    expect(link.socket).toBe(null);
    give[1]?.('ws://two.example');
    await environment.settle();
    environment.socket.open();
    expect([link.socket === environment.socket, events]).toEqual([
      true,
      [{ type: 'link/opened', connectionId: 2, ms: 0 }],
    ]);
  });

  it('is abandoned: the one in use goes on', () => {
    const { link, environment, events, messages } = aRace();
    const [old, rival] = environment.sockets;
    link.run({ type: 'link/abandon' });
    rival?.open();
    rival?.closeBy(1006);
    old?.receiveRaw('on it goes');
    expect([rival?.closes, old?.closes, events, messages]).toEqual([
      [{ code: 1000, reason: 'not needed' }],
      [],
      [],
      ['on it goes'],
    ]);
  });

  it('that is abandoned before it has its URL opens no socket', async () => {
    const { target, give } = laterTargets();
    const { link, environment } = aLink({ target });
    link.run({ type: 'link/connect', connectionId: 1 });
    give[0]?.('ws://one.example');
    await environment.settle();
    link.run({ type: 'link/connect', connectionId: 2 });
    link.run({ type: 'link/abandon' });
    give[1]?.('ws://two.example');
    await environment.settle();
    expect(environment.sockets).toHaveLength(1);
  });

  // A close frame with 1000 that overtakes the hello of the next connection would end the session at the server.
  it('leaves nothing open when all is let go of in the middle of a handover', () => {
    const { link, environment } = aRace();
    const [old, rival] = environment.sockets;
    rival?.open();
    link.run({ type: 'link/promote', connectionId: 0 });
    link.run({ type: 'link/connect', connectionId: 3 });
    link.run({ type: 'link/detach', code: 4408, reason: 'why' });
    expect(environment.liveSockets).toEqual([]);
    expect([old?.closes, rival?.closes, environment.socket.closes]).toEqual([
      [{}],
      [{ code: 4408, reason: 'why' }],
      [{ code: 1000, reason: 'not needed' }],
    ]);
  });

  it('that takes over while an older one is still there lets go of that one', () => {
    const { link, environment } = aRace();
    link.run({ type: 'link/promote', connectionId: 0 });
    link.run({ type: 'link/connect', connectionId: 3 });
    link.run({ type: 'link/promote', connectionId: 0 });
    const [first, second, third] = environment.sockets;
    expect([first?.readyState, first?.isDeaf, second?.readyState, link.socket === third]).toEqual([
      'closed',
      true,
      'connecting',
      true,
    ]);
  });
});
