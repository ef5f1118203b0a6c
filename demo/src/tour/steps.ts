import type { Fault } from '../faults/faults-store.ts';
import { formatCount } from '../lib/format.ts';
import type { Losses } from './tour.ts';

export interface Step {
  readonly title: string;
  /** What is to be seen; a function gets what the server has counted at that moment. */
  readonly text: string | ((losses: Losses) => string);
  readonly faults: readonly Fault[];
  readonly lastsMs: number;
}

/** A minute in all. No step claims more than what the counters beside it show. */
export const STEPS: readonly Step[] = [
  {
    title: 'One rope, three lanes',
    text: 'Every piece of this rope is one numbered message, sent once by each of three lanes. The counts are the server’s own.',
    faults: [],
    lastsMs: 8_000,
  },
  {
    title: 'A cut',
    text: 'Every TCP connection was just reset, in mid-message. Watch which lane has a gap where the wire broke.',
    faults: [{ name: 'cut' }],
    lastsMs: 8_000,
  },
  {
    title: 'A killed server',
    text: 'The server’s process got SIGKILL. New pieces wait: thin lines on the board are kept by this browser until another server runs.',
    faults: [{ name: 'restart', downtimeMs: 2_000 }],
    lastsMs: 10_000,
  },
  {
    title: 'Another network',
    text: 'The path under every connection is gone, as when a phone leaves Wi-Fi, and nobody was told. A heartbeat notices; who has none goes on sending into nothing.',
    faults: [{ name: 'strand' }],
    lastsMs: 10_000,
  },
  {
    title: 'The end of the old path',
    text: 'Now the dead connections are reset, so that every lane hears of it and opens another one. What was sent into nothing turns from “not there yet” to “lost”.',
    faults: [{ name: 'cut' }],
    lastsMs: 10_000,
  },
  {
    title: 'A rolling restart',
    text: 'The server says goodbye, closes, and another one starts: a deployment on an ordinary day.',
    faults: [{ name: 'replace', downtimeMs: 1_000 }],
    lastsMs: 9_000,
  },
  {
    title: 'What the server has',
    text: ({ holdfast, reconnecting, plain }) =>
      `Lost so far: Holdfast ${formatCount(holdfast.lost)}, reconnecting-websocket ${formatCount(reconnecting.lost)}, plain WebSocket ${formatCount(plain.lost)}. Go on and break it yourself.`,
    faults: [],
    lastsMs: 8_000,
  },
];

export const TOUR_MS: number = STEPS.reduce((sum, { lastsMs }) => sum + lastsMs, 0);
