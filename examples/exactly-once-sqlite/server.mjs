// A server whose handler writes to SQLite, each message exactly once: node server.mjs orders.db 8080
import { createServer as createHttpServer } from 'node:http';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer, Refuse } from '@holdfast/server';
import Database from 'libsql';

const [path = 'orders.db', port = '0'] = process.argv.slice(2);
const db = new Database(path);
db.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY AUTOINCREMENT, number INTEGER NOT NULL, price REAL NOT NULL, redelivered INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS positions (producer TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
`);
const addOrder = db.prepare('INSERT INTO orders (number, price, redelivered) VALUES (?, ?, ?)');
const readPosition = db.prepare('SELECT seq FROM positions WHERE producer = ?');
const writePosition = db.prepare(
  'INSERT INTO positions (producer, seq) VALUES (?, ?) ON CONFLICT (producer) DO UPDATE SET seq = excluded.seq',
);

/** What the order costs: a service that takes its time. @param {number} number */
async function priceOf(number) {
  await sleep(1);
  return number / 100;
}

/** The order and the position of its message: both are written, or none. */
const take = db.transaction(
  /**
   * @param {import('@holdfast/server').Message<{ number: number }, typeof db>} message
   * @param {number} price
   */
  (message, price) => {
    addOrder.run(message.data.number, price, message.redelivered ? 1 : 0);
    message.commit(db);
  },
);

/** @type {import('@holdfast/server').ServerOptions<{ number: number }, never, typeof db>} */
const options = {
  positions: {
    load: (producer) => /** @type {{ seq: number } | undefined} */ (readPosition.get(producer))?.seq ?? null,
    commit: (_db, producer, seq) => void writePosition.run(producer, seq),
  },
  async onMessage(message) {
    if (!Number.isSafeInteger(message.data?.number)) throw new Refuse('an order needs a number');
    // Whatever takes time comes before the transaction. Killed here, the server has done nothing, and the message comes again.
    const price = await priceOf(message.data.number);
    take(message, price);
  },
};

const http = createHttpServer();
createServer(options).attach(http);
http.listen(Number(port), '127.0.0.1', () => {
  const address = /** @type {import('node:net').AddressInfo} */ (http.address());
  console.log(`listening on ${address.port}`);
});
