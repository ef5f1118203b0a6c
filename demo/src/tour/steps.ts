import type { Fault } from '../faults/faults-store.ts';

export interface Step {
  readonly title: string;
  /** What is to be seen. */
  readonly text: string;
  readonly faults: readonly Fault[];
  readonly lastsMs: number;
}

/** A minute in all. No step claims more than what the counters beside it show. */
export const STEPS: readonly Step[] = [
  {
    title: 'One drawing, three ways',
    text: 'Each piece of this drawing is one numbered message, given once to each of the three. The small pictures show what the server got.',
    faults: [],
    lastsMs: 8_000,
  },
  {
    title: 'A cut',
    text: 'Every connection was just cut. A red dot in a small picture is a piece that is lost.',
    faults: [{ name: 'cut' }],
    lastsMs: 8_000,
  },
  {
    title: 'A killed server',
    text: 'The server is gone for two seconds. On the board, new pieces are thin: this browser keeps them until a server runs again.',
    faults: [{ name: 'restart', downtimeMs: 2_000 }],
    lastsMs: 10_000,
  },
  {
    title: 'Another network',
    text: 'As when a phone leaves Wi-Fi: the open connections are dead, and nobody was told. Who does not check goes on sending into nothing.',
    faults: [{ name: 'strand' }],
    lastsMs: 10_000,
  },
  {
    title: 'The dead connections end',
    text: 'Now everybody is told and connects again. What was sent into nothing turns from “not there yet” to “lost”.',
    faults: [{ name: 'cut' }],
    lastsMs: 10_000,
  },
  {
    title: 'An update of the server',
    text: 'The server says goodbye and ends, and a new one starts: a deployment on an ordinary day.',
    faults: [{ name: 'replace', downtimeMs: 1_000 }],
    lastsMs: 12_000,
  },
];
