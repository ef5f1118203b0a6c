import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { browserEnvironment, createSocket, holdfast } from '@holdfast/core';
import Database from 'libsql';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';

const MESSAGES = 2_000;
const KILLS = 8;
const script = fileURLToPath(new URL('./server.mjs', import.meta.url));

/** @type {(() => unknown)[]} */
const cleanUps = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/**
 * Node before 22 has no WebSocket of its own.
 * @param {string} url
 * @param {readonly string[]} protocols
 */
function openWebSocket(url, protocols) {
  return /** @type {import('@holdfast/core').WebSocketLike} */ (
    /** @type {unknown} */ (new WebSocket(url, [...protocols]))
  );
}

/** Starts the server as a process of its own. @param {string} path @param {number} port */
async function start(path, port) {
  const child = spawn(process.execPath, [script, path, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  cleanUps.push(kill);
  for await (const line of createInterface({ input: child.stdout })) {
    const [, text] = /^listening on (\d+)$/.exec(line) ?? [];
    if (text !== undefined) return { port: Number(text), kill };
  }
  throw new Error('the server ended before it listened');
}

test(
  `a server that is killed ${KILLS} times while ${MESSAGES} messages come has each exactly once, in order`,
  { timeout: 180_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-exactly-once-'));
    cleanUps.push(() => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, 'orders.db');
    let server = await start(path, 0);
    const { port } = server;

    const socket = createSocket({
      url: `ws://127.0.0.1:${port}`,
      protocol: holdfast(),
      environment: { ...browserEnvironment(), openWebSocket },
      reconnect: { initialDelayMs: 20, maxDelayMs: 100 },
    });
    cleanUps.push(() => socket.close());
    let delivered = 0;
    const receipts = Array.from({ length: MESSAGES }, (_, index) => socket.send({ number: index + 1 }));
    const all = Promise.all(receipts.map((receipt) => receipt.delivered.then(() => (delivered += 1))));

    let worked = 0;
    for (let kill = 1; kill <= KILLS; kill += 1) {
      // Within the first half: the last kill, too, comes long before the server is done.
      const goal = (kill * MESSAGES) / (KILLS * 2);
      while (delivered < goal) await sleep(1);
      await sleep(Math.random() * 10);
      await server.kill();
      const db = new Database(path);
      const { count } = /** @type {{ count: number }} */ (db.prepare('SELECT count(*) AS count FROM orders').get());
      db.close();
      // What the client knows of is there, and the server was not done.
      expect(count).toBeGreaterThanOrEqual(delivered);
      expect(count).toBeLessThan(MESSAGES);
      if (count > delivered) worked += 1;
      server = await start(path, port);
    }
    await all;
    await server.kill();

    const db = new Database(path);
    const rows = /** @type {{ number: number, redelivered: number }[]} */ (
      db.prepare('SELECT number, redelivered FROM orders ORDER BY id').all()
    );
    db.close();
    expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: MESSAGES }, (_, index) => index + 1));
    expect(rows.filter(({ redelivered }) => redelivered !== 0)).toEqual([]);
    // Some kills hit between a commit and its acknowledgement: those messages came again, and were known.
    console.log(`${worked} of ${KILLS} kills came between a commit and its acknowledgement`);
  },
);
