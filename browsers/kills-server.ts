import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { createServer, type Message } from '@holdfast/server';
import { lmdbStore } from '@holdfast/server/lmdb';
import type { Written } from './page/writer.ts';

/** What a server needs to know at its start. */
export interface KillsServerSettings {
  /** Holds `page.js`, and the store. */
  readonly folder: string;
  /** 0: any. */
  readonly port: number;
  /** Whether a message and its position are written in one transaction. */
  readonly hasPositions: boolean;
}

/** A message that the handler took. */
export interface TakenRecord extends Omit<Written, 'text'> {
  readonly producer: string;
  readonly seq: number;
  readonly isMarked: boolean;
}

export type KillsServerAnswer = { readonly port: number } | { readonly taken: readonly TakenRecord[] };

/** Serves the writer's page, and writes down what its handler takes. Tells it when asked. Ends with its parent. */
export async function serve(): Promise<void> {
  const settings = JSON.parse(process.argv[2] ?? '{}') as KillsServerSettings;
  const store = lmdbStore({ path: join(settings.folder, 'store') });
  const taken = store.database.openDB<TakenRecord, number>({ name: 'taken' });
  const [newest] = taken.getKeys({ reverse: true, limit: 1 });
  let place = newest ?? 0;

  function write({ data, producer, seq, redelivered }: Message<Written, unknown>): Promise<boolean> {
    place += 1;
    const { tab, life, number } = data;
    return taken.put(place, { tab, life, number, producer, seq, isMarked: redelivered });
  }

  const holdfast = settings.hasPositions
    ? createServer<Written, never, null>({
        store,
        positions: store.positions,
        onMessage: async (message) => {
          await store.database.childTransaction(() => {
            void write(message);
            message.commit(null);
          });
        },
      })
    : createServer<Written>({
        store,
        onMessage: async (message) => {
          await write(message);
        },
      });
  const script = readFileSync(join(settings.folder, 'page.js'));
  const http = createHttpServer(({ url }, response) => {
    const isScript = url === '/page.js';
    response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html', connection: 'close' });
    response.end(isScript ? script : '<!doctype html><title>Writer</title><script src="/page.js"></script>');
  });
  holdfast.attach(http, { path: '/socket' });
  await new Promise<void>((resolve) => http.listen(settings.port, '127.0.0.1', resolve));
  tell({ port: (http.address() as AddressInfo).port });
  process.on('message', () => tell({ taken: [...taken.getRange()].map(({ value }) => value) }));
  await new Promise((resolve) => process.once('disconnect', resolve));
  process.exit(0);
}

function tell(answer: KillsServerAnswer): void {
  process.send?.(answer);
}
