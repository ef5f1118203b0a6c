import { type LaneRecord, type Range, RECENT_RANGES } from '../messages.ts';

/** The first number of which a record tells: where not all ranges were told, nothing is known below the first of them. */
export function knownFrom({ recent }: LaneRecord): number {
  return recent.length < RECENT_RANGES ? 1 : (recent[0]?.[0] ?? 1);
}

/** How many of these numbers have not come, as far as a record tells. */
export function missingIn(record: LaneRecord, [from, to]: Range): number {
  const first = Math.max(from, knownFrom(record));
  const came = record.recent.reduce(
    (sum, [low, high]) => sum + Math.max(0, Math.min(to, high) - Math.max(first, low) + 1),
    0,
  );
  return Math.max(0, to - first + 1) - came;
}
