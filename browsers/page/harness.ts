import './watched-web-socket.ts';
import {
  createSocket,
  endpoints,
  holdfast,
  memory,
  plain,
  type ConnectionState,
  type EndpointsOptions,
  type HoldfastError,
  type Outbox,
  type Receipt,
  type Socket,
  type SocketOptions,
} from '@holdfast/core';
import { encryptAtRest, indexedDB } from '@holdfast/core/indexeddb';
import { HoldfastWebSocket } from '@holdfast/core/websocket';
import { workerTimers } from '@holdfast/core/worker-timers';
import { type Moment, moments, note } from './moments.ts';

/** A message of the tests: the server counts the numbers of each run for itself. */
export interface Numbered {
  readonly run: string;
  readonly number: number;
  readonly [name: string]: string | number;
}

export interface StartOptions {
  readonly run: string;
  /** `drop-in`: HoldfastWebSocket instead of createSocket, at the plain server. */
  readonly protocol: 'holdfast' | 'plain' | 'drop-in';
  readonly outbox?: 'memory' | 'indexedDB' | 'encrypted';
  /** Instead of the page's own server, with `holdfast` or `plain`. */
  readonly endpoints?: { readonly urls: readonly string[]; readonly options: EndpointsOptions };
  /** Handed on to `createSocket`. */
  readonly options?: Partial<Parameters<typeof createSocket>[0]>;
}

export interface Features {
  readonly isSecureContext: boolean;
  readonly locks: boolean;
  readonly subtle: boolean;
  readonly randomUUID: boolean;
  readonly indexedDB: boolean;
  readonly asyncDispose: boolean;
  readonly rtcPeerConnection: boolean;
}

let socket: Socket<Numbered, Numbered>;
let dropIn: HoldfastWebSocket | null;
let run: string;
let isStarted = false;
let receipts: Receipt[] = [];
let replies: number[] = [];
let errors: string[] = [];

/** What the tests ask of the page, by name: arguments and results are JSON. */
const harness = {
  start(given: StartOptions): void {
    run = given.run;
    isStarted = true;
    receipts = [];
    replies = [];
    errors = [];
    dropIn = null;
    if (given.protocol === 'drop-in') {
      dropIn = new HoldfastWebSocket('/plain');
      dropIn.addEventListener('message', ({ data }) => heard(JSON.parse(data as string) as Numbered));
      return;
    }
    const options: SocketOptions<Numbered> = {
      url: given.protocol === 'plain' ? '/plain' : '/socket',
      protocol: given.protocol === 'plain' ? plain() : holdfast(),
      outbox: outboxOf(given.outbox),
      ...given.options,
    };
    socket =
      given.endpoints === undefined
        ? createSocket<Numbered, Numbered>(options)
        : endpoints(given.endpoints.urls, given.endpoints.options).open((where) =>
            createSocket<Numbered, Numbered>({ ...options, ...where }),
          );
    socket.on('message', heard);
    socket.on('state', ({ phase }) => note('phase', phase));
    socket.on('error', (error: HoldfastError) => errors.push(error.code));
    note('phase', socket.getState().phase);
  },

  /** Sends the numbers from `first` to `last`. */
  send(first: number, last: number): void {
    for (let number = first; number <= last; number += 1) {
      if (dropIn === null) receipts.push(socket.send({ run, number }));
      else dropIn.send(JSON.stringify({ run, number }));
    }
  },

  /** 'stored' when every message sent until now would outlive the page, else the code that tells why not. */
  async stored(): Promise<string> {
    try {
      await Promise.all(receipts.map((receipt) => receipt.stored));
      return 'stored';
    } catch (error) {
      return (error as HoldfastError).code;
    }
  },

  /** False in a page that was loaded anew. */
  isStarted: (): boolean => isStarted,
  statuses: (): string[] => receipts.map(({ status }) => status),
  /** The numbers that came back, in the order in which they came. */
  replies: (): number[] => replies,
  /** The codes of the `error` events. */
  errors: (): string[] => errors,
  /** What the socket object offers. */
  members: (): string[] => Object.keys(socket),
  state: (): ConnectionState => socket.getState(),
  phase: (): string => (dropIn ?? socket).getState().phase,
  moments: (): readonly Moment[] => moments,
  /** Resolves after `ms` of the page's own timers. */
  wait: (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms)),

  /** How often a timer with a worker beside it has run in a row when one of the page has run `count` times. */
  async workerRuns(ms: number, count: number): Promise<number> {
    const environment = workerTimers();
    let runs = 0;
    let cancel = (): void => {};
    const next = (): void => {
      cancel = environment.setTimer(ms, () => {
        runs += 1;
        next();
      });
    };
    next();
    for (let own = 0; own < count; own += 1) await harness.wait(ms);
    cancel();
    return runs;
  },

  /** The window loses the focus to a frame in it, and gets it back. */
  refocus(): void {
    const frame = document.body.appendChild(document.createElement('iframe'));
    frame.contentWindow?.focus();
    window.focus();
    frame.remove();
  },

  /** Erases what the run has stored, as an app does at sign-out. */
  clear: (): Promise<void> => indexedDB({ name: run, identity: 'ada' }).clear(),

  /** The names of the databases of the run. */
  databases: async (): Promise<(string | undefined)[]> =>
    (await globalThis.indexedDB.databases()).map(({ name }) => name).filter((name) => name?.includes(run)),

  async close(): Promise<void> {
    if (dropIn === null) await socket.close();
    else dropIn.close();
  },

  features: (): Features => ({
    isSecureContext,
    locks: 'locks' in navigator,
    subtle: 'subtle' in crypto && crypto.subtle !== undefined,
    randomUUID: 'randomUUID' in crypto,
    indexedDB: 'indexedDB' in globalThis,
    asyncDispose: 'asyncDispose' in Symbol,
    rtcPeerConnection: 'RTCPeerConnection' in globalThis,
  }),
};

function outboxOf(kind: StartOptions['outbox']): Outbox {
  if (kind !== 'indexedDB' && kind !== 'encrypted') return memory();
  return indexedDB({ name: run, identity: 'ada', ...(kind === 'encrypted' && { encryption: encryptAtRest() }) });
}

/** A broadcast of the server may be meant for another run. */
function heard(message: Numbered): void {
  if (message.run === run) replies.push(message.number);
}

export type Harness = typeof harness;

declare global {
  var harness: Harness;
}
globalThis.harness = harness;
