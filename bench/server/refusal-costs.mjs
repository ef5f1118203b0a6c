import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { WebSocket, WebSocketServer } from 'ws';
import { portOf } from '../lib/server-process.mjs';
import { median } from '../lib/stats.mjs';

// What it costs a server to let a connection in or to close it with 1013 right after the upgrade: CPU time of a process of its own
// that does nothing else.

const ROUNDS = 7;
const CONNECTIONS = 1_000;
const AT_ONCE = 50;

/** @returns {Promise<{ acceptMs: number, refuseMs: number }>} */
export async function measureCosts() {
  const server = fork(fileURLToPath(import.meta.url), ['serve']);
  try {
    const [{ port }] = await once(server, 'message');
    /** @param {string} command */
    const ask = async (command) => {
      server.send(command);
      const [{ cpuMs }] = await once(server, 'message');
      return cpuMs;
    };
    const measure = async (/** @type {'accept' | 'refuse'} */ mode) => {
      const before = await ask(mode);
      const open = [];
      for (let done = 0; done < CONNECTIONS; done += AT_ONCE) {
        open.push(...(await Promise.all(Array.from({ length: AT_ONCE }, () => connect(port, mode)))));
      }
      const after = await ask(mode);
      for (const socket of open) socket.terminate();
      // The ends of these belong to no measurement.
      await ask('end');
      return (after - before) / CONNECTIONS;
    };
    await measure('accept');
    await measure('refuse');
    const accepts = [];
    const refusals = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      accepts.push(await measure('accept'));
      refusals.push(await measure('refuse'));
    }
    return { acceptMs: median(accepts), refuseMs: median(refusals) };
  } finally {
    server.kill();
  }
}

/** Resolves when the connection has said hello and been welcomed, or has been refused. @param {number} port @param {string} mode */
function connect(port, mode) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
    socket.once('error', reject);
    if (mode === 'refuse') {
      socket.once('close', () => resolve(socket));
      return;
    }
    socket.once('open', () => socket.send('hello'));
    socket.once('message', () => resolve(socket));
  });
}

function serve() {
  let isRefusing = false;
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('listening', () => process.send?.({ port: portOf(server) }));
  server.on('connection', (socket) => {
    socket.on('error', () => socket.terminate());
    if (isRefusing) socket.close(1013, 'busy; retry-after-ms=1500; slot=a1B2');
    else socket.once('message', () => socket.send('welcome'));
  });
  function answer() {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpuMs: (user + system) / 1_000 });
  }
  process.on('message', (mode) => {
    isRefusing = mode === 'refuse';
    if (mode !== 'end') {
      answer();
      return;
    }
    const timer = setInterval(() => {
      if (server.clients.size > 0) return;
      clearInterval(timer);
      answer();
    }, 5);
  });
}

if (process.argv[2] === 'serve' && process.argv[1] === fileURLToPath(import.meta.url)) serve();
