import { expect } from 'vitest';
import type { ResumableWebSocket } from '../../packages/core/src/resumable/resumable-websocket.ts';
import { Random } from '../../packages/core/src/testing/random.ts';
import type { WebSocket } from '../../packages/server/src/ws/types.ts';
import { Pair, shown } from './pair.fixture.ts';

/** One thing that happens, `at` milliseconds after the opening. */
export type Action =
  | { readonly type: 'send'; readonly at: number; readonly from: End; readonly length: number; readonly count: number }
  | { readonly type: 'close'; readonly at: number; readonly from: End; readonly code: number | null }
  | { readonly type: Fault; readonly at: number; readonly ms: number; readonly way: 'up' | 'down' | 'both' };
type End = 'client' | 'server';
type Fault = 'cut' | 'refuse' | 'hang' | 'black hole' | 'new network' | 'offline' | 'sleep' | 'freeze' | 'hide';

const FAULTS: { readonly [Name in Fault]: number } = {
  cut: 4,
  refuse: 2,
  hang: 1,
  'black hole': 4,
  'new network': 2,
  offline: 2,
  sleep: 1,
  freeze: 1,
  hide: 1,
};
const PLAN_MS = 40_000;
/** No fault of a plan is as long, and none of them together. */
const TTL_MS = 600_000;
const SETTLE_MS = 240_000;
const CHARACTERS = ['a', '"', '\\', '\n', '\u0000', 'ü', '€', '😀', '\u2028', '[', '{'];

export function planOf(random: Random): Action[] {
  const actions: Action[] = [];
  for (let count = random.whole(1, 30); count > 0; count -= 1) {
    const at = random.whole(0, PLAN_MS);
    if (random.hits(0.6)) {
      const length = random.hits(0.05) ? random.whole(1_000, 40_000) : random.whole(0, 60);
      const isBurst = length < 100 && random.hits(0.1);
      actions.push({ type: 'send', at, from: oneEnd(random), length, count: isBurst ? random.whole(100, 700) : 1 });
    } else {
      const way = random.pick(['up', 'down', 'both'] as const);
      actions.push({ type: random.weighted(FAULTS), at, ms: random.whole(1, 20_000), way });
    }
  }
  if (random.hits(0.7)) actions.push(aClose(random));
  if (random.hits(0.2)) actions.push(aClose(random));
  return actions.sort((one, other) => one.at - other.at);
}

function aClose(random: Random): Action {
  const code = random.hits(0.3) ? null : random.whole(4_000, 4_999);
  return { type: 'close', at: random.whole(0, PLAN_MS), from: oneEnd(random), code };
}

function oneEnd(random: Random): End {
  return random.hits(0.5) ? 'client' : 'server';
}

/** Carries a plan out: both libraries must see what a WebSocket on a network without faults would have shown them. */
export async function runPlan(actions: readonly Action[], seed: number): Promise<void> {
  const pair = new Pair({ sessionTtlMs: TTL_MS, maxBufferedBytes: 1e9 }, seed, 30);
  const { clock, network, page } = pair.world;
  const { socket, told, served, toldServer } = await pair.opened({ maxBufferedBytes: 1e9 });
  const random = new Random(seed, 'texts');
  const given: Record<End, string[]> = { client: [], server: [] };
  const buffers = [new Buffered('client', socket), new Buffered('server', served)] as const;
  const closers: { from: End; code: number | null }[] = [];
  let holes = 0;
  let isOffline = false;
  const began = clock.now;

  const look = (): void => {
    buffers[0].look(isOffline);
    buffers[1].look(false);
    expectPrefix(messages(told), given.server);
    expectPrefix(messages(toldServer), given.client);
  };
  const run = (action: Action): void => {
    if (action.type === 'send') {
      const end = action.from === 'client' ? socket : served;
      for (let count = 0; count < action.count && end.readyState === 1; count += 1) {
        const text = `${given[action.from].length} ${textOf(action.length, random)}`;
        const data = random.hits(0.4) ? new TextEncoder().encode(text) : text;
        given[action.from].push(shown(data));
        buffers[action.from === 'client' ? 0 : 1].give(text);
        end.send(data);
      }
    } else if (action.type === 'close') {
      const end = action.from === 'client' ? socket : served;
      if (end.readyState === 1) closers.push(action);
      if (action.code === null) end.close();
      else end.close(action.code, 'bye');
    } else {
      fault(action);
    }
  };
  const fault = ({ type, ms, way }: Action & { readonly type: Fault }): void => {
    const heal = (): void => {
      holes -= 1;
      if (holes === 0) network.heal();
    };
    switch (type) {
      case 'cut':
        network.cut();
        return;
      case 'new network':
        page.changeNetwork();
        return;
      case 'offline':
        isOffline = true;
        page.offline();
        clock.after(ms, () => {
          isOffline = false;
          page.online();
        });
        return;
      case 'sleep':
        page.sleep(ms);
        return;
      case 'freeze':
        page.freeze();
        clock.after(ms, () => page.resume());
        return;
      case 'hide':
        page.hide();
        clock.after(ms, () => page.show());
        return;
      case 'refuse':
        network.refuse();
        network.cut();
        break;
      case 'hang':
        network.hang();
        break;
      case 'black hole':
        network.blackHole(way);
        break;
    }
    holes += 1;
    clock.after(ms, heal);
  };

  for (const action of actions) {
    while (clock.now < began + action.at) {
      await clock.advance(Math.min(500, began + action.at - clock.now));
      look();
    }
    // A page that does not run sends nothing.
    if (page.isRunning || action.type !== 'send' || action.from === 'server') run(action);
    look();
  }
  for (let passed = 0; passed < SETTLE_MS; passed += 10_000) {
    await clock.advance(10_000);
    look();
  }
  expectEnd(closers);

  function expectEnd(all: readonly { from: End; code: number | null }[]): void {
    const [ends, endsServer] = [told, toldServer].map((lines) =>
      lines.filter((line) => line !== 'open' && !line.startsWith('message ')),
    ) as [string[], string[]];
    expect(pair.served).toHaveLength(1);
    expect(messages(toldServer), 'what the client gave').toEqual(given.client);
    // A WebSocket hands nothing on after its own `close()`.
    if (all.every(({ from }) => from === 'server'))
      expect(messages(told), 'what the server gave').toEqual(given.server);
    if (all.length === 0) {
      expect([ends, endsServer, socket.bufferedAmount, served.bufferedAmount]).toEqual([[], [], 0, 0]);
      return;
    }
    const codes = (from: End): (number | null)[] => {
      const own = all.filter((closer) => closer.from === from);
      return (own.length > 0 ? own : all).map(({ code }) => code);
    };
    expect(codes('server').map((code) => `close ${code ?? 1005} ${code === null ? '' : 'bye'} true`)).toContain(
      ends[0],
    );
    expect(codes('client').map((code) => `close ${code ?? 1005} ${code === null ? '' : 'bye'}`)).toContain(
      endsServer[0],
    );
    expect([ends.length, endsServer.length]).toEqual([1, 1]);
    expect(page.held).toMatchObject({ timers: 0, listeners: 0, connections: 0 });
  }
}

/** `bufferedAmount` of one end: what has left it never comes back, and without a network nothing leaves. */
class Buffered {
  readonly #end: End;
  readonly #socket: ResumableWebSocket | WebSocket;
  #given = 0;
  #left = 0;
  #wasCutOff = false;

  constructor(end: End, socket: ResumableWebSocket | WebSocket) {
    this.#end = end;
    this.#socket = socket;
  }

  give(text: string): void {
    this.#given += Buffer.byteLength(text);
  }

  look(isCutOff: boolean): void {
    const left = this.#given - this.#socket.bufferedAmount;
    if (left < this.#left) throw new Error(`bufferedAmount of the ${this.#end} rose by itself`);
    if (left > this.#left && isCutOff && this.#wasCutOff)
      throw new Error(`bufferedAmount of the ${this.#end} fell without a network`);
    this.#left = left;
    this.#wasCutOff = isCutOff;
  }
}

function messages(lines: readonly string[]): string[] {
  return lines.filter((line) => line.startsWith('message ')).map((line) => line.slice('message '.length));
}

function expectPrefix(seen: readonly string[], given: readonly string[]): void {
  const wrong = seen.findIndex((text, place) => text !== given[place]);
  if (wrong !== -1) expect(seen[wrong], `message ${wrong}`).toBe(given[wrong]);
}

function textOf(length: number, random: Random): string {
  let text = '';
  while (text.length < length) text += random.pick(CHARACTERS);
  return text;
}
