import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LOOPBACK } from '../server/loopback.ts';
import { Proxy } from '../server/proxy.ts';

const open: (Server | Socket)[] = [];
let proxy: Proxy;
let front: Server;
/** The server's ends of the connections that came through. */
let served: Peer[];

beforeEach(async () => {
  served = [];
  const target = await listen(createServer({ allowHalfOpen: true }, (socket) => served.push(new Peer(socket))));
  const { port } = target.address() as AddressInfo;
  proxy = new Proxy({ host: LOOPBACK, targetPort: () => port });
  front = await listen(
    createServer({ allowHalfOpen: true }, (socket) => {
      open.push(socket);
      proxy.accept(socket, Buffer.from('head;'));
    }),
  );
});

afterEach(() => {
  for (const handle of open.splice(0)) {
    if ('destroy' in handle) handle.destroy();
    else handle.close();
  }
});

test('what goes in comes out, in order, both ways, behind the head', async () => {
  const client = dial();
  client.socket.write('one;');
  client.socket.write('two;');
  await vi.waitFor(() => expect(served[0]?.text).toBe('head;one;two;'));
  served[0]!.socket.write('three;');
  await vi.waitFor(() => expect(client.text).toBe('three;'));
});

test('an end in one direction leaves the other open', async () => {
  const client = dial();
  client.socket.end('bye;');
  await vi.waitFor(() => expect(served[0]?.hasEnded).toBe(true));
  expect(client.hasEnded).toBe(false);
  served[0]!.socket.end('bye too;');
  await vi.waitFor(() => expect(client).toMatchObject({ text: 'bye too;', hasEnded: true }));
  await vi.waitFor(() => expect(proxy.connections).toBe(0));
});

test('a cut resets both sides', async () => {
  const client = dial();
  await vi.waitFor(() => expect(served).toHaveLength(1));
  proxy.cut();
  await vi.waitFor(() => expect([client.error, served[0]!.error]).toEqual(['ECONNRESET', 'ECONNRESET']));
  expect(proxy.connections).toBe(0);
});

test('a freeze holds everything back, with TCP open, and a thaw lets it go in order', async () => {
  const client = dial();
  await vi.waitFor(() => expect(served[0]?.text).toBe('head;'));
  proxy.freeze();
  client.socket.write('one;');
  served[0]!.socket.write('two;');
  const late = dial();
  await sleep(100);
  expect(served).toHaveLength(1);
  expect([served[0]!.text, client.text]).toEqual(['head;', '']);
  expect([client.isClosed, served[0]!.isClosed, late.isClosed]).toEqual([false, false, false]);
  client.socket.write('three;');
  proxy.thaw();
  await vi.waitFor(() => expect([served[0]!.text, client.text]).toEqual(['head;one;three;', 'two;']));
  await vi.waitFor(() => expect(served[1]?.text).toBe('head;'));
});

test('while frozen, neither side hears that the other has gone', async () => {
  const client = dial();
  await vi.waitFor(() => expect(served).toHaveLength(1));
  proxy.freeze();
  client.socket.resetAndDestroy();
  await sleep(100);
  expect(served[0]).toMatchObject({ isClosed: false, hasEnded: false });
  proxy.thaw();
  await vi.waitFor(() => expect(served[0]!.isClosed).toBe(true));
  await vi.waitFor(() => expect(proxy.connections).toBe(0));
});

test('a cut ends what is frozen', async () => {
  const client = dial();
  await vi.waitFor(() => expect(served).toHaveLength(1));
  proxy.freeze();
  proxy.cut();
  await vi.waitFor(() => expect([client.isClosed, served[0]!.isClosed]).toEqual([true, true]));
});

test('a path that is gone swallows everything and tells nobody, and new connections take another', async () => {
  const client = dial();
  await vi.waitFor(() => expect(served[0]?.text).toBe('head;'));
  proxy.strand();
  client.socket.write('lost;');
  served[0]!.socket.write('lost, too;');
  served[0]!.socket.resetAndDestroy();
  const next = dial();
  next.socket.write('here;');
  await vi.waitFor(() => expect(served[1]?.text).toBe('head;here;'));
  expect(client).toMatchObject({ text: '', isClosed: false, hasEnded: false });
  expect(served[0]!.text).toBe('head;');
  expect([proxy.connections, proxy.stranded]).toEqual([2, 1]);
  client.socket.resetAndDestroy();
  next.socket.resetAndDestroy();
  await vi.waitFor(() => expect(proxy.connections).toBe(0));
});

test('who gives up on a path that is gone is let go of', async () => {
  const client = dial();
  await vi.waitFor(() => expect(served).toHaveLength(1));
  proxy.strand();
  client.socket.end();
  await vi.waitFor(() => expect(client.isClosed).toBe(true));
  await vi.waitFor(() => expect(served[0]!.isClosed).toBe(true));
  expect(proxy.connections).toBe(0);
});

test('a delay holds bytes back for its time; a shorter one lets nothing overtake', async () => {
  const client = dial();
  await vi.waitFor(() => expect(served[0]?.text).toBe('head;'));
  proxy.delay(300);
  const startedAt = performance.now();
  client.socket.write('slow;');
  await sleep(20);
  proxy.delay(0);
  client.socket.write('fast;');
  await vi.waitFor(() => expect(served[0]!.text).toBe('head;slow;fast;'));
  expect(performance.now() - startedAt).toBeGreaterThan(290);
});

test('refusing resets new connections and leaves the others alone', async () => {
  const before = dial();
  await vi.waitFor(() => expect(served).toHaveLength(1));
  proxy.refuse(true);
  const refused = dial();
  await vi.waitFor(() => expect(refused.isClosed).toBe(true));
  before.socket.write('still here;');
  await vi.waitFor(() => expect(served[0]!.text).toBe('head;still here;'));
  proxy.refuse(false);
  dial();
  await vi.waitFor(() => expect(served).toHaveLength(2));
});

test('much more than the wire holds passes unharmed, though the reader begins late', async () => {
  const client = dial();
  await vi.waitFor(() => expect(served).toHaveLength(1));
  proxy.freeze();
  client.socket.write('x'.repeat(20_000_000));
  client.socket.end();
  await sleep(100);
  proxy.thaw();
  await vi.waitFor(() => expect(served[0]!.hasEnded).toBe(true), { timeout: 20_000 });
  expect(served[0]!.text.length).toBe('head;'.length + 20_000_000);
});

class Peer {
  readonly socket: Socket;
  text = '';
  hasEnded = false;
  isClosed = false;
  error: string | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    open.push(socket);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => (this.text += text));
    socket.on('end', () => (this.hasEnded = true));
    socket.on('close', () => (this.isClosed = true));
    socket.on('error', (error: NodeJS.ErrnoException) => (this.error = error.code));
  }
}

function dial(): Peer {
  return new Peer(connect({ host: LOOPBACK, port: (front.address() as AddressInfo).port, allowHalfOpen: true }));
}

async function listen(server: Server): Promise<Server> {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
  return server;
}
