import type { WebSocketLike } from '../environment/ports.ts';
import { type ConformanceCase, equal } from './check.ts';

/** How the suite opens what it tests. */
export interface WebSocketConformanceOptions {
  /** Opens a WebSocket to a server that sends every message back as it came, and selects the first subprotocol offered. */
  openWebSocket(protocols: readonly string[]): WebSocketLike;
  /** Opens one to where nobody listens. */
  openToNobody(): WebSocketLike;
  /** How long a case waits for an event, milliseconds. Default 5,000. */
  readonly withinMs?: number;
}

/**
 * What every `WebSocketLike` must do: for authors of an environment, whose `openWebSocket` gives something else than the
 * browser's own class.
 */
export function webSocketConformance(options: WebSocketConformanceOptions): readonly ConformanceCase[] {
  return Object.entries(cases).map(([name, run]) => ({
    name,
    async run() {
      const made: WebSocketLike[] = [];
      const watch = (socket: WebSocketLike): Watched => {
        made.push(socket);
        return new Watched(socket, options.withinMs ?? 5_000);
      };
      try {
        await run({
          open: async (...protocols) => {
            const watched = watch(options.openWebSocket(protocols));
            await watched.next('open');
            return watched;
          },
          start: (...protocols) => watch(options.openWebSocket(protocols)),
          startToNobody: () => watch(options.openToNobody()),
        });
      } finally {
        for (const socket of made) socket.close();
      }
    },
  }));
}

interface Sockets {
  open(...protocols: readonly string[]): Promise<Watched>;
  start(...protocols: readonly string[]): Watched;
  startToNobody(): Watched;
}

interface Heard {
  readonly type: 'open' | 'message' | 'error' | 'close';
  readonly data?: unknown;
  readonly end?: readonly [code: number, reason: string, wasClean: boolean];
}

/** A socket and all that it tells, in order. */
class Watched {
  readonly socket: WebSocketLike;
  readonly heard: Heard[] = [];
  readonly #withinMs: number;
  #wake: () => void = () => {};

  constructor(socket: WebSocketLike, withinMs: number) {
    this.socket = socket;
    this.#withinMs = withinMs;
    const tell = (heard: Heard): void => {
      this.heard.push(heard);
      this.#wake();
    };
    socket.onopen = () => tell({ type: 'open' });
    socket.onmessage = ({ data }) => tell({ type: 'message', data });
    socket.onerror = () => tell({ type: 'error' });
    socket.onclose = ({ code, reason, wasClean }) => tell({ type: 'close', end: [code, reason, wasClean] });
  }

  get types(): readonly string[] {
    return this.heard.map(({ type }) => type);
  }

  /** The next event of this type, from now on or already heard; each is given once. */
  async next(type: Heard['type']): Promise<Heard> {
    let timer: unknown;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`no ${type} within ${this.#withinMs} ms, but ${this.types.join(', ') || 'nothing'}`)),
        this.#withinMs,
      );
    });
    try {
      for (;;) {
        const place = this.heard.findIndex((heard) => heard.type === type);
        const [heard] = place === -1 ? [] : this.heard.splice(place, 1);
        if (heard !== undefined) return heard;
        await Promise.race([
          late,
          new Promise<void>((resolve) => {
            this.#wake = resolve;
          }),
        ]);
      }
    } finally {
      clearTimeout(timer as number);
    }
  }
}

const cases: { readonly [name: string]: (sockets: Sockets) => Promise<void> } = {
  'opens later, never while it is made': async ({ start }) => {
    const watched = start();
    equal(watched.heard, [], 'what was heard at once');
    await watched.next('open');
    equal(watched.socket.protocol, '', 'protocol');
  },

  'tells the subprotocol that the server has selected': async ({ open }) => {
    const { socket } = await open('first', 'second');
    equal(socket.protocol, 'first', 'protocol');
  },

  'carries text in order, as it is': async ({ open }) => {
    const watched = await open();
    const texts = ['', 'å 漢 🐟 \0 \u2028', 'x'.repeat(100_000), '3'];
    for (const text of texts) watched.socket.send(text);
    for (const text of texts) equal((await watched.next('message')).data, text, 'data');
  },

  'carries the bytes that a view shows in the moment of send': async ({ open }) => {
    const watched = await open();
    const bytes = Uint8Array.from([9, 1, 2, 3, 9]);
    watched.socket.send(bytes.subarray(1, 4));
    bytes.fill(0);
    const { data } = await watched.next('message');
    const received = new Uint8Array(data instanceof Blob ? await data.arrayBuffer() : (data as ArrayBuffer));
    equal([...received], [1, 2, 3], 'the bytes');
  },

  'refuses to send while it connects': async ({ start }) => {
    const watched = start();
    throws(() => watched.socket.send('early'), 'send');
    await watched.next('open');
  },

  'refuses close codes and reasons that a page may not use, and stays open': async ({ open }) => {
    const watched = await open();
    for (const code of [999, 1001, 1006, 2999, 5000]) throws(() => watched.socket.close(code), `close(${code})`);
    throws(() => watched.socket.close(1000, 'ä'.repeat(62)), 'a reason of 124 bytes');
    watched.socket.send('still here');
    await watched.next('message');
  },

  'closes with the code and the reason of the page': async ({ open }) => {
    const watched = await open();
    watched.socket.close(4321, 'done');
    equal((await watched.next('close')).end, [4321, 'done', true], 'the close');
    equal(watched.types, [], 'what else was heard');
  },

  'sends what was given before close': async ({ open }) => {
    const watched = await open();
    watched.socket.send('last words');
    equal((await watched.next('message')).data, 'last words', 'data');
    watched.socket.close(1000);
    await watched.next('close');
  },

  'counts what it can not send any more, and does not throw': async ({ open }) => {
    const watched = await open();
    watched.socket.close();
    watched.socket.send('ä');
    equal(watched.socket.bufferedAmount >= 2, true, 'bufferedAmount >= 2');
    await watched.next('close');
  },

  'has nothing left in its buffer once all is sent': async ({ open }) => {
    const watched = await open();
    watched.socket.send('x'.repeat(1_000));
    await watched.next('message');
    equal(watched.socket.bufferedAmount, 0, 'bufferedAmount');
  },

  'tells error, then close with 1006, where nobody listens': async ({ startToNobody }) => {
    const watched = startToNobody();
    const { end } = await watched.next('close');
    equal([end?.[0], end?.[2]], [1006, false], 'the close');
    equal(watched.types, ['error'], 'what was heard before');
  },

  'tells no open after a close while it connects': async ({ start }) => {
    const watched = start();
    watched.socket.close();
    equal((await watched.next('close')).end?.[0], 1006, 'the code');
    equal(watched.types, ['error'], 'what was heard before');
  },

  'tells a handler that was taken away nothing': async ({ open }) => {
    const watched = await open();
    let isTold = false;
    watched.socket.onmessage = () => {
      isTold = true;
    };
    watched.socket.onmessage = null;
    watched.socket.send('to nobody');
    watched.socket.close();
    await watched.next('close');
    equal(isTold, false, 'whether it was told');
  },
};

function throws(run: () => void, what: string): void {
  try {
    run();
  } catch {
    return;
  }
  throw new Error(`${what} must throw`);
}
