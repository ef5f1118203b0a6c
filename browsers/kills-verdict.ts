import type { TakenRecord } from './kills-server.ts';
import type { Report } from './page/writer.ts';

export interface Figures {
  readonly browserKills: number;
  readonly serverKills: number;
  /** Most messages that were stored and not taken when a browser was killed. */
  readonly mostWaiting: number;
  /** Messages given to `send`, as far as the page could tell. */
  readonly sent: number;
  /** Messages of which the page told that their `stored` had resolved. */
  readonly stored: number;
  /** Messages that the handler took. */
  readonly taken: number;
  /** Taken once more, and marked as that. */
  readonly doubledMarked: number;
  readonly ms: number;
}

interface Named {
  readonly tab: string;
  readonly life: number;
  readonly number: number;
}

/** What the pages told before they were killed. */
export class Ledger {
  readonly #stored = new Map<string, Named>();
  readonly #sent = new Map<string, number>();

  note({ tab, life, sent, stored }: Report): void {
    this.#sent.set(`${tab}${life}`, sent);
    for (const number of stored) this.#stored.set(nameOf({ tab, life, number }), { tab, life, number });
  }

  get sent(): number {
    return [...this.#sent.values()].reduce((sum, count) => sum + count, 0);
  }

  get stored(): number {
    return this.#stored.size;
  }

  /** What is stored and not among these. */
  missing(taken: readonly TakenRecord[]): readonly string[] {
    const names = new Set(taken.map(nameOf));
    return [...this.#stored.keys()].filter((name) => !names.has(name));
  }
}

/** Counts what came of all messages. Throws where a promise was broken, with the first messages that show it. */
export function judge(
  ledger: Ledger,
  taken: readonly TakenRecord[],
  hasPositions: boolean,
): Pick<Figures, 'sent' | 'stored' | 'taken' | 'doubledMarked'> {
  const broken: string[] = [];
  const complain = (what: string, names: readonly string[]): void => {
    if (names.length > 0) broken.push(`${names.length} ${what}: ${names.slice(0, 10).join(', ')}`);
  };
  complain('were stored and are lost', ledger.missing(taken));
  const seen = new Set<string>();
  const unmarked: string[] = [];
  const marked: string[] = [];
  const misplaced: string[] = [];
  /** The newest message of each producer, and of each page. */
  const seqs = new Map<string, number>();
  const numbers = new Map<string, number>();
  for (const record of taken) {
    const name = nameOf(record);
    if (seen.has(name)) {
      (record.isMarked ? marked : unmarked).push(name);
      continue;
    }
    seen.add(name);
    const page = `${record.tab}${record.life}`;
    if (record.seq <= (seqs.get(record.producer) ?? 0) || record.number <= (numbers.get(page) ?? 0)) {
      misplaced.push(name);
    }
    seqs.set(record.producer, record.seq);
    numbers.set(page, record.number);
  }
  complain('were doubled without a mark', unmarked);
  complain('came out of order', misplaced);
  if (hasPositions) complain('were doubled in spite of the position hook', marked);
  if (broken.length > 0) throw new Error(broken.join('\n'));
  return { sent: ledger.sent, stored: ledger.stored, taken: seen.size, doubledMarked: marked.length };
}

function nameOf({ tab, life, number }: Named): string {
  return `${tab}${life}:${number}`;
}
