// A process that is killed in the middle of its work. Node does not run TypeScript, so Vite loads the store's source.
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const [mode, path] = process.argv.slice(2);
const source = fileURLToPath(new URL('./lmdb-store.ts', import.meta.url));
const { module } = await runnerImport(source, {
  root: fileURLToPath(new URL('../..', import.meta.url)),
  logLevel: 'error',
});
const store = module.lmdbStore({ path });
const say = (seq) => process.stdout.write(`${seq}\n`);

if (mode === 'store') {
  const { fence } = await store.claim('p', 'me');
  for (let seq = 1; ; seq += 1) {
    await store.advance('p', fence, seq, []);
    say(seq);
  }
} else if (mode === 'users') {
  const bounds = { messages: 1e6, bytes: 1e9, totalBytes: 1e9 };
  for (let n = 1; ; n += 1) {
    await store.userQueues.append('me', { payload: String(n), ttlMs: 1e9, id: String(n) }, bounds);
    say(n);
  }
} else {
  const ledger = store.database.openDB({ name: 'ledger' });
  for (let seq = 1; ; seq += 1) {
    await store.database.childTransaction(() => {
      ledger.put('sum', (ledger.get('sum') ?? 0) + 1);
      store.positions.commit(undefined, 'p', seq);
    });
    say(seq);
  }
}
