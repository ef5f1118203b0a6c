import { native } from './native.ts';
import type { Library } from '../libraries.ts';
import type { Client, StartClient, WithPing } from './client.ts';
import { startGraphql } from './graphql.ts';
import { withPing } from './holdfast.ts';
import { startMqtt } from './mqtt.ts';
import { Resumable } from './resumable.ts';
import { SocketBook, type SocketCount } from './sockets.ts';
import { startStomp } from './stomp.ts';
import { startTrpc } from './trpc.ts';
import { startYjs } from './yjs.ts';

const starters: Readonly<Record<Library, StartClient>> = {
  'graphql-ws': startGraphql,
  '@trpc/client': startTrpc,
  'y-websocket': startYjs,
  mqtt: startMqtt,
  '@stomp/stompjs': startStomp,
};

/** The class that a page's library runs on: one of ours, or the browser's own to compare with. */
export type ClassName = 'holdfast' | 'resumable' | 'native';

const classes: Readonly<Record<ClassName, WithPing>> = {
  holdfast: withPing,
  resumable: () => Resumable,
  native: () => WebSocket,
};

/** What the test calls from outside. */
export interface InteropPage {
  start(library: Library, className: ClassName, url: string, isStrict: boolean): void;
  heard(): readonly string[];
  say(text: string): void;
  /** Says a text with a number, again and again, until `stopTalking()`, which tells how many were said. */
  startTalking(text: string, everyMs: number): void;
  stopTalking(): number;
  /** The sockets that the library has made, and those of the browser. */
  sockets(): { readonly library: SocketCount; readonly native: SocketCount };
}

declare global {
  var interop: InteropPage;
}

const made = new SocketBook();
let client: Client | null = null;
let talk: ReturnType<typeof setInterval>;
let talked = 0;

const started = (): Client => {
  if (client === null) throw new Error('nothing was started');
  return client;
};

globalThis.interop = {
  start: (library, className, url, isStrict) => {
    client = starters[library](url, (ping) => made.watch(classes[className](ping)), isStrict);
  },
  heard: () => started().heard,
  say: (text) => started().say(text),
  startTalking: (text, everyMs) => {
    talk = setInterval(() => {
      started().say(`${text} ${talked}`);
      talked += 1;
    }, everyMs);
  },
  stopTalking: () => {
    clearInterval(talk);
    return talked;
  },
  sockets: () => ({ library: made.count(), native: native.count() }),
};
