import { createFrameStore, type FrameStore } from '../lib/frame-store.ts';
import type { LaneName, NumberedMessage } from '../messages.ts';
import type { Target } from '../target.ts';
import type { LaneClient, LaneState } from './lane-client.ts';
import { plainClient } from './plain-client.ts';
import { reconnectingClient } from './reconnecting-client.ts';
import { Trail } from './trail.ts';

export type LaneStates = { readonly [lane in Exclude<LaneName, 'holdfast'>]: LaneState };

/** The lanes beside Holdfast, and the trail of what was sent by all of them. */
export class Lanes {
  readonly trail = new Trail();
  readonly states: FrameStore<LaneStates>;
  readonly #clients: { readonly [lane in Exclude<LaneName, 'holdfast'>]: LaneClient };

  constructor(urls: Target['lanes']) {
    const onState = (): void => this.states?.invalidate();
    this.#clients = {
      reconnecting: reconnectingClient(urls.reconnecting, onState),
      plain: plainClient(urls.plain, onState),
    };
    this.states = createFrameStore(() => ({
      reconnecting: this.#clients.reconnecting.state,
      plain: this.#clients.plain.state,
    }));
  }

  /** Sends a message by all of them, in the same breath in which Holdfast gets it. */
  send(message: NumberedMessage): void {
    const text = JSON.stringify(message);
    this.#clients.reconnecting.send(text);
    this.#clients.plain.send(text);
    const { number, line, hue = 0, sentAt } = message;
    this.trail.sent(number, line === undefined ? null : { line, hue }, sentAt);
  }
}
