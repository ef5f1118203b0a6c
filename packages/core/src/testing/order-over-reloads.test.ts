import { expect, it } from 'vitest';
import { createSocket } from '../socket/create-socket.ts';
import { holdfast } from '../socket/protocols.ts';
import { HoldfastServer } from './holdfast-server.ts';
import { createTestWorld } from './world.ts';

it.each([1, 2, 3, 4])(
  'what was sent before %i reloads without a server arrives in the order of the pages',
  async (reloads) => {
    const world = createTestWorld();
    const chat = new HoldfastServer();
    const server = world.server('wss://chat.test/', chat);
    server.stop();
    let { page } = world;
    for (let n = 0; n <= reloads; n += 1) {
      const { environment } = page;
      const socket = createSocket({
        url: 'wss://chat.test/',
        protocol: holdfast(),
        outbox: page.outbox(),
        environment,
      });
      await world.clock.until(socket.send(n).stored);
      await world.clock.advance(2_000);
      if (n < reloads) page = page.reload();
    }
    server.start();
    await world.clock.until(() => chat.taken.length === reloads + 1);
    expect(chat.taken).toEqual(Array.from({ length: reloads + 1 }, (_, index) => index));
  },
);
