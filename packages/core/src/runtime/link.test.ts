import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Event } from '../machines/connection-state.ts';
import { FakeEnvironment } from '../testing-fakes/fake-environment.fixture.ts';
import { Link, type LinkOptions } from './link.ts';

function aLink(changes: Partial<LinkOptions> = {}): {
  link: Link;
  environment: FakeEnvironment;
  events: Event[];
  tokens: (string | null)[];
  messages: unknown[];
} {
  const environment = new FakeEnvironment();
  const events: Event[] = [];
  const tokens: (string | null)[] = [];
  const messages: unknown[] = [];
  const link = new Link({
    environment,
    url: () => 'ws://server.example/path',
    auth: null,
    subprotocols: ['holdfast.v1'],
    ready: () => Promise.resolve(),
    dispatch: (event) => events.push(event),
    retryAfterMs: () => 900,
    onOpen: (token) => tokens.push(token),
    onMessage: (data) => messages.push(data),
    ...changes,
  });
  return { link, environment, events, tokens, messages };
}

afterEach(() => vi.unstubAllGlobals());

describe('connecting', () => {
  it('opens a WebSocket, and tells what becomes of it', async () => {
    const { link, environment, events, tokens, messages } = aLink({ auth: () => 'token' });
    link.connect(3);
    await environment.settle();
    const { socket } = environment;
    expect([socket.url, socket.protocols]).toEqual(['ws://server.example/path', ['holdfast.v1']]);
    socket.open();
    socket.receiveRaw('hi');
    link.send('there');
    socket.bufferedAmount = 7;
    expect([tokens, messages, socket.sent, link.bufferedAmount]).toEqual([['token'], ['hi'], ['there'], 7]);
    socket.closeBy(1012, 'bye', true);
    expect(events).toEqual([
      { type: 'link/opened', connectionId: 3 },
      { type: 'link/closed', connectionId: 3, code: 1012, reason: 'bye', wasClean: true, retryAfterMs: 900 },
    ]);
    link.send('nobody');
    expect([socket.sent, link.bufferedAmount]).toEqual([['there'], 0]);
  });

  it('asks for URL and token at every attempt, and waits for the outbox', async () => {
    let count = 0;
    let ready = (): void => {};
    const { link, environment } = aLink({
      url: () => Promise.resolve(`wss://server.example/${(count += 1)}`),
      ready: () =>
        new Promise((resolve) => {
          ready = resolve;
        }),
    });
    for (const id of [1, 2]) {
      link.connect(id);
      await environment.settle();
      expect(environment.sockets.length).toBe(id - 1);
      ready();
      await environment.settle();
      expect(environment.socket.url).toBe(`wss://server.example/${id}`);
      link.detach(1000, '');
    }
  });

  it.each([
    ['http://server.example/a#part', 'ws://server.example/a'],
    ['https://server.example', 'wss://server.example/'],
    ['ws://server.example/?q=1', 'ws://server.example/?q=1'],
    [new URL('wss://server.example/x'), 'wss://server.example/x'],
  ])('takes %s as %s', async (url, opened) => {
    const { link, environment } = aLink({ url: () => url });
    link.connect(1);
    await environment.settle();
    expect(environment.socket.url).toBe(opened);
  });

  it('takes a path from where the page is', async () => {
    vi.stubGlobal('location', { href: 'https://app.example/deep/page' });
    const { link, environment } = aLink({ url: () => '/socket' });
    link.connect(1);
    await environment.settle();
    expect(environment.socket.url).toBe('wss://app.example/socket');
  });
});

describe('a failed attempt', () => {
  const cases: [string, Partial<LinkOptions>, string][] = [
    ['url throws', { url: () => expect.fail('secret-url') }, 'URL_FAILED'],
    ['url rejects', { url: () => Promise.reject(new Error('secret-url')) }, 'URL_FAILED'],
    ['url gives no URL', { url: () => 'not a url' }, 'URL_FAILED'],
    ['url gives a URL of another kind', { url: () => 'ftp://server.example' }, 'URL_FAILED'],
    ['auth rejects', { auth: () => Promise.reject(new Error('secret-token')) }, 'TOKEN_FAILED'],
    ['auth gives no text', { auth: () => 7 as unknown as string }, 'TOKEN_FAILED'],
  ];

  it.each(cases)('%s: tells the failure with its cause, and quotes nothing', async (_name, changes, code) => {
    const { link, environment, events } = aLink(changes);
    link.connect(1);
    await environment.settle();
    expect(events).toEqual([
      {
        type: 'link/failed',
        connectionId: 1,
        closeCode: 1001,
        failure: { code, message: expect.any(String), cause: expect.anything() },
      },
    ]);
    const [event] = events;
    if (event?.type === 'link/failed') expect(event.failure.message).not.toContain('secret');
    expect(environment.sockets).toEqual([]);
  });

  it('is one that the browser refuses', async () => {
    const { link, environment, events } = aLink();
    environment.refusal = new DOMException('mixed content', 'SecurityError');
    link.connect(1);
    await environment.settle();
    expect(events).toMatchObject([
      { type: 'link/failed', failure: { code: 'URL_FAILED', cause: { name: 'SecurityError' } } },
    ]);
  });
});

describe('detaching', () => {
  it('closes the socket and hears nothing of it any more', async () => {
    const { link, environment, events, messages } = aLink();
    link.connect(1);
    await environment.settle();
    const { socket } = environment;
    socket.open();
    link.detach(4408, 'heartbeat missed');
    socket.receiveRaw('late');
    socket.closeBy(1006);
    expect(socket.closes).toEqual([{ code: 4408, reason: 'heartbeat missed' }]);
    expect([events.length, messages]).toEqual([1, []]);
    link.send('late');
    expect(socket.sent).toEqual([]);
  });

  it('opens no socket when URL or token come after it', async () => {
    let give = (_url: string): void => {};
    const { link, environment, events } = aLink({
      url: () =>
        new Promise((resolve) => {
          give = resolve;
        }),
    });
    link.connect(1);
    link.detach(1001, '');
    give('ws://server.example');
    await environment.settle();
    expect([environment.sockets, events]).toEqual([[], []]);
  });

  it('lets the newest of two attempts open, whichever has its URL first', async () => {
    const gives: ((url: string) => void)[] = [];
    const { link, environment, events } = aLink({ url: () => new Promise((resolve) => gives.push(resolve)) });
    link.connect(1);
    link.detach(1001, '');
    link.connect(2);
    gives[1]?.('ws://second.example');
    gives[0]?.('ws://first.example');
    await environment.settle();
    environment.socket.open();
    expect(environment.sockets.map(({ url }) => url)).toEqual(['ws://second.example/']);
    expect(events).toEqual([{ type: 'link/opened', connectionId: 2 }]);
  });

  it('in the middle of opening leaves the conversation alone', async () => {
    const { environment, tokens, ...rest } = aLink({ dispatch: () => rest.link.detach(1001, '') });
    rest.link.connect(1);
    await environment.settle();
    environment.socket.open();
    expect(tokens).toEqual([]);
  });
});
