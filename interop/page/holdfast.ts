import { HoldfastWebSocket } from '@holdfast/core/websocket';
import type { WithPing } from './client.ts';

/** As an app hands it to a library that reconnects by itself: all else is as it is by default. */
export const withPing: WithPing = (ping) =>
  class extends HoldfastWebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols, { reconnect: false, ping });
    }
  };
