import type { LaneName } from '../messages.ts';

export type LaneState = 'connecting' | 'open' | 'closed';

/** One of the ways beside Holdfast by which every message is sent once. */
export interface LaneClient {
  readonly name: Exclude<LaneName, 'holdfast'>;
  readonly state: LaneState;
  /** Sends once, by the means of the lane. What becomes of it is told by the server's record, and by nothing else. */
  send(text: string): void;
}
