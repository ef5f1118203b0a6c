import { once } from 'node:events';
import process from 'node:process';
import { WebSocket } from 'ws';

// Clients without a library, in a process of their own: many that are idle, or a few that send as fast as they are acknowledged.

const [port, language] = process.argv.slice(2);
const PAYLOAD = JSON.stringify('x'.repeat(98));
/** What a client of Holdfast may have unacknowledged. */
const WINDOW = 256;
/** Frames in one WebSocket message: 16 KiB, as Holdfast's client fills it. */
const BATCH = 128;

/** @type {WebSocket[]} */
const idle = [];
/** @type {Awaited<ReturnType<typeof connect>>[]} */
const senders = [];

/** @param {string} name */
async function connect(name) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, language === 'holdfast' ? ['holdfast.v1'] : [], {
    perMessageDeflate: false,
  });
  await once(socket, 'open');
  if (language === 'holdfast') {
    socket.send(JSON.stringify(['hello', { v: 1, client: name, n: 1, producers: [[name, 1, 1, 0]] }]));
    await once(socket, 'message');
    socket.on('message', (data) => {
      for (const line of linesOf(data)) if (line.startsWith('["p"')) socket.send(line.replace('p', 'q'));
    });
  }
  socket.on('close', (code, reason) => {
    throw new Error(`the server closed with ${code} ${reason.toString()}`);
  });
  return { socket, sent: 0, acknowledged: 0 };
}

/** @param {import('ws').RawData} data */
function linesOf(data) {
  return /** @type {Buffer} */ (data).toString().split('\n');
}

/** Resolves when `count` messages more are acknowledged. @param {Awaited<ReturnType<typeof connect>>} sender @param {number} count */
function send(sender, count) {
  const { socket } = sender;
  const end = sender.sent + count;
  return new Promise((resolve) => {
    function pump() {
      while (sender.sent < end && sender.sent - sender.acknowledged + BATCH <= WINDOW) {
        const frames = [];
        for (let left = Math.min(BATCH, end - sender.sent); left > 0; left -= 1) {
          sender.sent += 1;
          frames.push(`["m",0,${sender.sent},${PAYLOAD}]`);
        }
        socket.send(frames.join('\n'));
      }
    }
    /** @param {import('ws').RawData} data */
    function hear(data) {
      for (const line of linesOf(data)) {
        const frame = JSON.parse(line);
        if (frame[0] === 'a') sender.acknowledged = frame[2];
      }
      if (sender.acknowledged < end) {
        pump();
        return;
      }
      socket.off('message', hear);
      resolve(undefined);
    }
    socket.on('message', hear);
    pump();
  });
}

process.on('message', (task) => void work(/** @type {any} */ (task)));

/** @param {{ connections?: number, clients?: number, messages?: number }} task */
async function work({ connections = 0, clients = 0, messages = 0 }) {
  while (idle.length < connections) {
    const links = await Promise.all(Array.from({ length: 100 }, (_, index) => connect(`idle${idle.length + index}`)));
    idle.push(...links.map(({ socket }) => socket));
  }
  while (senders.length < clients) senders.push(await connect(`sender${senders.length}`));
  await Promise.all(senders.map((sender) => send(sender, messages / clients)));
  process.send?.('done');
}
process.on('disconnect', () => process.exit());
process.send?.('ready');
