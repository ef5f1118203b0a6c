import { useConnectionState, useOnMessage } from '@holdfast/react';
import { useEffect, useState } from 'react';
import type { Tally } from '../messages.ts';
import type { ConversationSocket } from './sent-messages.ts';

export interface ForeignTally extends Tally {
  readonly run: string;
}

export interface Tallies {
  /** What the handler has counted of this page's run; null until it said so. */
  readonly own: Tally | null;
  /** Runs of pages that are gone, whose messages this page has delivered. */
  readonly others: readonly ForeignTally[];
}

const MAX_OTHERS = 5;

/** What the handler has counted, as it says. */
export function useTallies(socket: ConversationSocket, run: string): Tallies {
  const [tallies, setTallies] = useState<Tallies>({ own: null, others: [] });
  const isOpen = useConnectionState(socket, (state) => state.phase === 'open');

  useOnMessage(socket, (message) => {
    if (message.kind !== 'tally') return;
    setTallies((before) =>
      message.run === run
        ? { ...before, own: newer(before.own, message) }
        : { ...before, others: withTally(before.others, message) },
    );
  });

  // What the handler counted before this page listened, or told to a connection that broke.
  useEffect(() => {
    if (!isOpen) return undefined;
    const controller = new AbortController();
    fetchTally(run, controller.signal).then(
      (tally) => setTallies((before) => ({ ...before, own: newer(before.own, tally) })),
      () => {},
    );
    return () => controller.abort();
  }, [isOpen, run]);

  return tallies;
}

async function fetchTally(run: string, signal: AbortSignal): Promise<Tally> {
  const response = await fetch(`/tally?run=${encodeURIComponent(run)}`, { signal });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return (await response.json()) as Tally;
}

/** Counts only rise, so the higher one is the newer one. */
function newer(before: Tally | null, next: Tally): Tally {
  return before !== null && before.received > next.received ? before : next;
}

function withTally(others: readonly ForeignTally[], next: ForeignTally): readonly ForeignTally[] {
  const before = others.find(({ run }) => run === next.run) ?? null;
  const rest = others.filter(({ run }) => run !== next.run);
  return [{ ...newer(before, next), run: next.run }, ...rest].slice(0, MAX_OTHERS);
}
