/**
 * The smallest part of a failing plan that still fails: leaving out any single action of it makes the failure go away
 * (it is 1-minimal). Order is kept. By delta debugging (ddmin; Zeller and Hildebrandt, 'Simplifying and Isolating
 * Failure-Inducing Input', IEEE TSE 28(2), 2002).
 * @param fails whether a plan of these actions fails in the same way; called at most `maxRuns` times (default 1,000).
 * What is smallest by then is given back.
 */
export async function shrink<Action>(
  actions: readonly Action[],
  fails: (actions: readonly Action[]) => boolean | Promise<boolean>,
  maxRuns = 1_000,
): Promise<readonly Action[]> {
  let runs = 0;
  // Actions by their place in the plan: two that look alike are not one.
  let kept = actions.map((_, place) => place);
  const known = new Set<string>();
  const failsWith = async (places: readonly number[]): Promise<boolean> => {
    const key = places.join();
    if (runs >= maxRuns || known.has(key)) return false;
    runs += 1;
    const isFailure = await fails(places.map((place) => actions[place] as Action));
    if (!isFailure) known.add(key);
    return isFailure;
  };
  if (await failsWith([])) return [];
  for (let parts = 2; kept.length > 1;) {
    const pieces = split(kept, parts);
    const piece = await first(pieces, failsWith);
    const rest =
      piece ??
      (await first(
        pieces.map((left) => kept.filter((place) => !left.includes(place))),
        failsWith,
      ));
    if (rest !== null) {
      kept = rest;
      parts = piece === null ? Math.max(2, parts - 1) : 2;
    } else if (parts < kept.length) {
      parts = Math.min(kept.length, parts * 2);
    } else {
      break;
    }
  }
  return kept.map((place) => actions[place] as Action);
}

/** As many pieces as asked for, as even as can be. */
function split(places: readonly number[], parts: number): number[][] {
  const cut = (part: number): number => Math.round((part * places.length) / parts);
  return Array.from({ length: parts }, (_, part) => places.slice(cut(part), cut(part + 1)));
}

async function first<T>(items: readonly T[], test: (item: T) => Promise<boolean>): Promise<T | null> {
  for (const item of items) if (await test(item)) return item;
  return null;
}
