// The package has no types of its own; this is what of it is used.
declare module 'stomp-broker-js' {
  import type { EventEmitter } from 'node:events';
  import type { Server } from 'node:http';

  export default class StompServer extends EventEmitter {
    constructor(options: {
      server: Server;
      path: string;
      heartbeat: [everyMs: number, expectedMs: number];
      protocol?: string;
    });
    readonly socket: { readonly clients: ReadonlySet<{ terminate(): void }> };
    subscribe(topic: string, heard: (body: string) => void): string;
    send(topic: string, headers: { readonly [name: string]: string }, body: string): void;
  }
}

declare module 'stomp-broker-js/lib/adapter/index.js' {
  const adapters: Record<string, unknown>;
  export default adapters;
}
