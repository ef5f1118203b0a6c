import type { Page } from 'playwright-core';
import { FaultProxy } from './fault-proxy.ts';
import type { Library } from './libraries.ts';
import type { ClassName, InteropPage } from './page/main.ts';
import { startGraphqlServer } from './servers/graphql.ts';
import { startMosquitto } from './servers/mosquitto.ts';
import { WebSocketServer } from '@holdfast/server/ws';
import type { Server, ServerClass } from './servers/server.ts';
import { startStompServer } from './servers/stomp.ts';
import { startMqttBridge } from './servers/mqtt-bridge.ts';
import { startTrpcServer } from './servers/trpc.ts';
import { startYjsServer } from './servers/yjs.ts';
import type { Site } from './site.ts';

/** To the types it is another class, with members of its own; to the libraries it is the same. */
const ours = WebSocketServer as unknown as ServerClass;

export const startServer: Readonly<Record<Library, () => Promise<Server>>> = {
  'graphql-ws': startGraphqlServer,
  '@trpc/client': startTrpcServer,
  'y-websocket': startYjsServer,
  mqtt: startMosquitto,
  '@stomp/stompjs': startStompServer,
};

/** Each of them on our server class in place of that of the ws package. */
export const startResumableServer: Readonly<Record<Library, () => Promise<Server>>> = {
  'graphql-ws': () => startGraphqlServer(ours),
  '@trpc/client': () => startTrpcServer(ours),
  'y-websocket': () => startYjsServer(ours),
  mqtt: () => startMqttBridge(ours),
  '@stomp/stompjs': () => startStompServer(ours),
};

export interface VisitorOptions {
  readonly library: Library;
  /** Default: ours. */
  readonly className?: ClassName;
  /** Whether the library watches its connection by its own means, too. Default false. */
  readonly isStrict?: boolean;
  /** How long everything takes on its way, in each direction. Default 0. */
  readonly delayMs?: number;
}

/** A page with one library's client in it, behind a proxy of its own. */
export class Visitor {
  readonly proxy: FaultProxy;
  readonly faults: readonly string[];
  readonly #page: Page;

  static async start(site: Site, server: Server, options: VisitorOptions): Promise<Visitor> {
    const { library, className = 'holdfast', isStrict = false, delayMs = 0 } = options;
    const proxy = await FaultProxy.start(() => server.port, delayMs);
    const { page, faults } = await site.open();
    await page.evaluate((all) => interop.start(...all), [library, className, proxy.url, isStrict] as const);
    return new Visitor(proxy, page, faults);
  }

  private constructor(proxy: FaultProxy, page: Page, faults: readonly string[]) {
    this.proxy = proxy;
    this.#page = page;
    this.faults = faults;
  }

  /** How often the subscription has brought this. */
  times(text: string): Promise<number> {
    return this.#page.evaluate((wanted) => interop.heard().filter((heard) => heard === wanted).length, text);
  }

  say(text: string): Promise<void> {
    return this.#page.evaluate((words) => interop.say(words), text);
  }

  /** All that the subscription has brought, in order. */
  heard(): Promise<readonly string[]> {
    return this.#page.evaluate(() => interop.heard());
  }

  startTalking(text: string, everyMs: number): Promise<void> {
    return this.#page.evaluate((all) => interop.startTalking(...all), [text, everyMs] as const);
  }

  /** How many texts were said. */
  stopTalking(): Promise<number> {
    return this.#page.evaluate(() => interop.stopTalking());
  }

  /** Whether the page's device has a network. */
  setOffline(isOffline: boolean): Promise<void> {
    return this.#page.context().setOffline(isOffline);
  }

  sockets(): Promise<ReturnType<InteropPage['sockets']>> {
    return this.#page.evaluate(() => interop.sockets());
  }

  /** Closes the page. The server hears of it even through a silent proxy. */
  async leave(): Promise<void> {
    await this.#page.close();
    this.proxy.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
  }
}
