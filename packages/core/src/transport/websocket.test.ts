import { EventEmitter } from 'node:events';
import { Server, WebSocket as MockWebSocket } from 'mock-socket';
import { afterEach, describe, expect, it } from 'vitest';
import type { WebSocketLike } from '../environment/ports.ts';
import { FakeEnvironment, allTurns } from '../testing-fakes/fake-environment.fixture.ts';
import { FakeWebSocket } from '../testing-fakes/fake-web-socket.fixture.ts';
import { openTransport, type Transport } from './websocket.ts';

function open(environment: FakeEnvironment = new FakeEnvironment()): {
  transport: Transport;
  environment: FakeEnvironment;
  heard: unknown[];
} {
  const heard: unknown[] = [];
  const transport = openTransport(environment, 'ws://server.example', ['a', 'b'], {
    opened: () => heard.push('opened'),
    message: (data) => heard.push(data),
    closed: (...args) => heard.push(args),
  });
  return { transport, environment, heard };
}

describe('a transport', () => {
  it('tells what its socket does, and an end once', () => {
    const { environment, heard } = open();
    const { socket } = environment;
    expect([socket.url, socket.protocols]).toEqual(['ws://server.example', ['a', 'b']]);
    socket.open();
    socket.receiveRaw('text');
    socket.closeBy(1006);
    socket.closeBy(1000);
    expect(heard).toEqual(['opened', 'text', [1006, '', false]]);
  });

  it.each([1000, 3000, 4408, 4999])('closes with %i, and its reason', (code) => {
    const { transport, environment } = open();
    transport.detach(code, 'why');
    expect(environment.socket.closes).toEqual([{ code, reason: 'why' }]);
  });

  it.each([1001, 1002, 1009, 1011, 2999, 5000])('closes without a code where a browser would refuse %i', (code) => {
    const { transport, environment } = open();
    transport.detach(code, 'why');
    expect(environment.socket.closes).toEqual([{}]);
  });

  it('shortens a reason that a browser would refuse', () => {
    for (const reason of ['x'.repeat(500), '漢'.repeat(100), '🐟'.repeat(70), 'a\nb']) {
      const { transport, environment } = open();
      transport.detach(4000, reason);
      expect(environment.socket.closes[0]?.reason?.length).toBeLessThanOrEqual(123);
    }
  });

  it('tells nothing after it was detached', () => {
    const { transport, environment, heard } = open();
    const { socket } = environment;
    socket.open();
    transport.detach(1000, '');
    socket.receiveRaw('late');
    socket.closeBy(1006);
    expect(heard).toEqual(['opened']);
  });

  it('throws what the constructor throws', () => {
    const environment = new FakeEnvironment();
    environment.refusal = new SyntaxError('subprotocol');
    expect(() => open(environment)).toThrow('subprotocol');
  });

  // Node's WebSocket packages are event emitters: there an error that nobody listens to ends the process.
  it('always listens to errors, on a socket that it has let go of, too', () => {
    class EmitterSocket extends FakeWebSocket {
      readonly #emitter = new EventEmitter();
      fail(): void {
        this.#emitter.removeAllListeners('error');
        if (this.onerror !== null) this.#emitter.on('error', this.onerror as () => void);
        this.#emitter.emit('error', new Error('ECONNREFUSED'));
      }
    }
    const socket = new EmitterSocket('ws://server.example', []);
    const environment = new FakeEnvironment();
    environment.openWebSocket = () => socket;
    const { transport } = open(environment);
    expect(() => socket.fail()).not.toThrow();
    transport.detach(1000, '');
    expect(() => socket.fail()).not.toThrow();
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
    server.on('connection', (socket) => {
      socket.on('message', (data) => {
        received.push(data);
        socket.send('answer');
        socket.close({ code: 4001, reason: 'enough', wasClean: true });
      });
    });
    const environment = new FakeEnvironment();
    let socket: WebSocketLike | null = null;
    environment.openWebSocket = ((url: string, protocols: readonly string[]) => {
      socket = new MockWebSocket(url, [...protocols]) as unknown as WebSocketLike;
      return socket;
    }) as unknown as typeof environment.openWebSocket;
    const heard: unknown[] = [];
    const transport = openTransport(environment, 'ws://mock.example', ['a', 'b'], {
      opened: () => {
        heard.push('opened');
        transport.send('question');
      },
      message: (data) => heard.push(data),
      closed: (code) => heard.push(code),
    });
    await until(() => heard.length >= 3);
    expect([heard, received]).toEqual([['opened', 'answer', 4001], ['question']]);
    expect((socket as WebSocketLike | null)?.protocol).toBe('b');
  });

  it('ends, once, where nobody listens', async () => {
    const environment = new FakeEnvironment();
    environment.openWebSocket = ((url: string) =>
      new MockWebSocket(url)) as unknown as typeof environment.openWebSocket;
    const { heard } = open(environment);
    await until(() => heard.length > 0);
    for (let turn = 0; turn < 20; turn += 1) await allTurns();
    expect(heard).toEqual([[expect.any(Number), expect.any(String), expect.any(Boolean)]]);
  });
});
