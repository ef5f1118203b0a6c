import { EventEmitter } from 'node:events';
import { Server, WebSocket as MockWebSocket } from 'mock-socket';
import { afterEach, describe, expect, it } from 'vitest';
import type { WebSocketLike } from '../environment/ports.ts';
import { allTurns } from '../testing-fakes/fake-environment.fixture.ts';
import { FakeWebSocket } from '../testing-fakes/fake-web-socket.fixture.ts';
import { letGo, listen, silence } from './websocket.ts';

function hear(socket: WebSocketLike): unknown[] {
  const heard: unknown[] = [];
  listen(
    socket,
    () => heard.push('opened'),
    ({ data }) => heard.push(data),
    ({ code, reason, wasClean }) => heard.push([code, reason, wasClean]),
  );
  return heard;
}

const aSocket = (): FakeWebSocket => new FakeWebSocket('ws://server.example', []);

describe('listen', () => {
  it('tells what the socket does, and an end once', () => {
    const socket = aSocket();
    const heard = hear(socket);
    socket.open();
    socket.receiveRaw('text');
    socket.closeBy(1006);
    socket.closeBy(1000);
    expect(heard).toEqual(['opened', 'text', [1006, '', false]]);
  });

  it('hands the event of a message over as it is, without a copy', () => {
    const socket = aSocket();
    const events: unknown[] = [];
    listen(
      socket,
      () => {},
      (event) => events.push(event),
      () => {},
    );
    const event = { data: new ArrayBuffer(2) };
    socket.onmessage?.(event);
    expect(events[0]).toBe(event);
  });

  // Node's WebSocket packages are event emitters: there an error that nobody listens to ends the process.
  it('always listens to errors, on a socket that was let go of, too', () => {
    class EmitterSocket extends FakeWebSocket {
      readonly #emitter = new EventEmitter();
      fail(): void {
        this.#emitter.removeAllListeners('error');
        if (this.onerror !== null) this.#emitter.on('error', this.onerror as () => void);
        this.#emitter.emit('error', new Error('ECONNREFUSED'));
      }
    }
    const socket = new EmitterSocket('ws://server.example', []);
    hear(socket);
    expect(() => socket.fail()).not.toThrow();
    letGo(socket, 1000, '');
    expect(() => socket.fail()).not.toThrow();
  });
});

describe('silence', () => {
  it('hears nothing more of a socket and leaves it open', () => {
    const socket = aSocket();
    const heard = hear(socket);
    socket.open();
    silence(socket);
    socket.receiveRaw('late');
    expect([heard, socket.isDeaf, socket.readyState, socket.closes]).toEqual([['opened'], true, 'open', []]);
    socket.closeBy(1006);
    expect(heard).toEqual(['opened']);
  });
});

describe('letGo', () => {
  it.each([1000, 3000, 4408, 4999])('closes with %i, and its reason', (code) => {
    const socket = aSocket();
    letGo(socket, code, 'why');
    expect(socket.closes).toEqual([{ code, reason: 'why' }]);
  });

  it.each([0, 999, 1001, 1002, 1005, 1006, 1009, 1011, 1015, 2999, 5000])(
    'closes without a code where a browser would refuse %i',
    (code) => {
      const socket = aSocket();
      letGo(socket, code, 'why');
      expect(socket.closes).toEqual([{}]);
    },
  );

  it('shortens a reason that a browser would refuse', () => {
    for (const reason of [
      'x'.repeat(500),
      '漢'.repeat(100),
      '🐟'.repeat(70),
      `${'x'.repeat(122)}🐟`,
      '\ud83d',
      'a\nb',
    ]) {
      const socket = aSocket();
      letGo(socket, 4000, reason);
      expect(socket.closes[0]?.reason?.length).toBeLessThanOrEqual(123);
    }
  });

  it('hears nothing of it any more', () => {
    const socket = aSocket();
    const heard = hear(socket);
    socket.open();
    letGo(socket, 1000, '');
    socket.receiveRaw('late');
    socket.closeBy(1006);
    expect([heard, socket.isDeaf]).toEqual([['opened'], true]);
  });

  it('of nothing does nothing', () => {
    expect(() => letGo(null, 1000, '')).not.toThrow();
  });
});

describe('over the WebSocket of mock-socket', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.stop();
  });

  /** Until `heard` has so much: mock-socket uses timers of its own, of a few milliseconds. */
  async function until(isDone: () => boolean): Promise<void> {
    while (!isDone()) await allTurns();
  }

  it('opens, sends, hears and ends', async () => {
    const server = new Server('ws://mock.example', { selectProtocol: () => 'b' });
    servers.push(server);
    const received: unknown[] = [];
    server.on('connection', (peer) => {
      peer.on('message', (data) => {
        received.push(data);
        peer.send('answer');
        peer.close({ code: 4001, reason: 'enough', wasClean: true });
      });
    });
    const socket = new MockWebSocket('ws://mock.example', ['a', 'b']) as unknown as WebSocketLike;
    const heard: unknown[] = [];
    listen(
      socket,
      () => {
        heard.push('opened');
        socket.send('question');
      },
      ({ data }) => heard.push(data),
      ({ code }) => heard.push(code),
    );
    await until(() => heard.length >= 3);
    expect([heard, received, socket.protocol]).toEqual([['opened', 'answer', 4001], ['question'], 'b']);
  });

  it('ends, once, where nobody listens', async () => {
    const heard = hear(new MockWebSocket('ws://nobody.example') as unknown as WebSocketLike);
    await until(() => heard.length > 0);
    for (let turn = 0; turn < 20; turn += 1) await allTurns();
    expect(heard).toEqual([[expect.any(Number), expect.any(String), expect.any(Boolean)]]);
  });
});
