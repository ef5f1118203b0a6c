/** A small generator of chance from a seed (mulberry32), so that a run can be repeated. @param {number} seed */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** @param {ArrayLike<number>} values @param {number} share 0 to 1 */
export function quantile(values, share) {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return Number.NaN;
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)];
  return low + (sorted[Math.ceil(at)] - low) * (at - Math.floor(at));
}

/** @param {ArrayLike<number>} values */
export function median(values) {
  return quantile(values, 0.5);
}

/** @param {readonly number[]} values */
export function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The same things in another order (Fisher and Yates). @template T @param {readonly T[]} things @param {() => number} random */
export function shuffled(things, random) {
  const mixed = [...things];
  for (let last = mixed.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [mixed[last], mixed[other]] = [mixed[other], mixed[last]];
  }
  return mixed;
}

/**
 * How one series compares with another that was measured in the same rounds: the ratio of the medians, and the 95 %
 * interval of it by the percentile bootstrap, which draws whole rounds, so that what slowed a round slows both.
 *
 * @param {readonly number[]} ours @param {readonly number[]} theirs
 */
export function ratioOfMedians(ours, theirs) {
  return bootstrapped(ours, theirs, (one, other) => median(one) / median(other));
}

/**
 * The same for two that were measured one right after the other in each round: the median of the rounds' ratios, which what
 * slowed a round leaves as it is.
 *
 * @param {readonly number[]} ours @param {readonly number[]} theirs
 */
export function medianOfRatios(ours, theirs) {
  return bootstrapped(ours, theirs, (one, other) => median(one.map((value, round) => value / (other[round] ?? NaN))));
}

/**
 * @param {readonly number[]} ours @param {readonly number[]} theirs
 * @param {(ours: readonly number[], theirs: readonly number[]) => number} compare
 */
function bootstrapped(ours, theirs, compare, draws = 2_000) {
  const random = randomFrom(1);
  const rounds = Math.min(ours.length, theirs.length);
  const ratios = new Float64Array(draws);
  for (let draw = 0; draw < draws; draw += 1) {
    const picks = Array.from({ length: rounds }, () => Math.floor(random() * rounds));
    const drawn = (/** @type {readonly number[]} */ values) => picks.map((pick) => values[pick] ?? NaN);
    ratios[draw] = compare(drawn(ours), drawn(theirs));
  }
  return { ratio: compare(ours, theirs), low: quantile(ratios, 0.025), high: quantile(ratios, 0.975) };
}
