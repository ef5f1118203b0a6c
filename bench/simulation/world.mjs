import { mean, median, randomFrom } from '../lib/stats.mjs';

// A discrete-event simulation: nothing takes time but what is said to, and every client loses its connection at time 0.

export const CLIENTS = 10_000;
export const SEEDS = 20;
/** Nobody looks any longer than this after the server's return. */
const PATIENCE_MS = 400_000;

/**
 * All clients up to the server's return: each with the time of its first try after it (Infinity: none), from the return on.
 *
 * @param {import('./clients.mjs').Kind} kind @param {number} outageMs @param {() => number} random
 */
function untilReturn(kind, outageMs, random) {
  let tries = 0;
  const waiting = Array.from({ length: CLIENTS }, () => {
    const client = kind.create(random);
    let now = 0;
    let delay = client.ended(now, null);
    while (delay !== null && now + delay < outageMs) {
      now += delay;
      tries += 1;
      delay = client.ended(now, null);
    }
    return { client, firstMs: delay === null ? Number.POSITIVE_INFINITY : now + delay - outageMs };
  });
  return { waiting, tries };
}

/**
 * The server comes back and takes everybody: how long do clients wait, and how many come in the busiest second?
 *
 * `load` is the busiest second's tries x the median wait in seconds / clients: 0.5 is the least for clients that know nothing of each
 * other and come back at a steady rate, since waiting less means trying more often.
 *
 * @param {import('./clients.mjs').Kind} kind @param {number} outageMs
 */
export function returning(kind, outageMs) {
  const runs = Array.from({ length: SEEDS }, (_, seed) => {
    const { waiting, tries } = untilReturn(kind, outageMs, randomFrom(seed + 1));
    const waits = waiting.map(({ firstMs }) => firstMs);
    const seconds = new Map();
    for (const wait of waits) {
      if (wait === Number.POSITIVE_INFINITY) continue;
      const second = Math.floor(wait / 1_000);
      seconds.set(second, (seconds.get(second) ?? 0) + 1);
    }
    const medianS = median(waits) / 1_000;
    return { medianS, load: (Math.max(0, ...seconds.values()) * medianS) / CLIENTS, tries: tries / CLIENTS };
  });
  return {
    medianS: mean(runs.map((run) => run.medianS)),
    load: mean(runs.map((run) => run.load)),
    tries: mean(runs.map((run) => run.tries)),
  };
}

/** How many accepts a server may save up while nobody comes: a tenth of a second's worth. */
export const BURST_S = 0.1;

/**
 * A server that lets `perSecond` in and closes the others with 1013 and no word on when to come back.
 *
 * @param {number} perSecond @returns {Gate}
 */
export function bucketGate(perSecond) {
  const most = perSecond * BURST_S;
  let tokens = most;
  let last = 0;
  return (now) => {
    tokens = Math.min(most, tokens + ((now - last) * perSecond) / 1_000);
    last = now;
    if (tokens < 1) return 'busy';
    tokens -= 1;
    return null;
  };
}

/**
 * The same pace by the admission of `@holdfast/server`, which tells each that it refuses when its turn is.
 *
 * @param {any} admission @param {number} perSecond @returns {Gate}
 */
export function slotGate({ Admission, closeReason }, perSecond) {
  let clock = 0;
  let names = 0;
  const environment = { now: () => clock, randomId: () => `s${(names += 1)}` };
  const gate = new Admission({ perSecond, burst: perSecond * BURST_S }, environment);
  return (now, slot) => {
    clock = now;
    const delay = gate.ask(slot);
    return delay === null ? null : closeReason('busy', delay);
  };
}

/** @typedef {(now: number, slot: string | undefined) => string | null} Gate gives the close reason of a refusal */

/**
 * The server comes back after `outageMs` and lets in what its gate lets in. In front of the gate is one core: each
 * accept and each refusal takes its measured time there, one after the other.
 *
 * @param {import('./clients.mjs').Kind} kind
 * @param {{ outageMs: number, costs: { acceptMs: number, refuseMs: number }, gate: () => Gate }} world
 */
export function herd(kind, world) {
  const runs = Array.from({ length: SEEDS }, (_, seed) => oneHerd(kind, world, seed + 1));
  return {
    /** Seconds until 99 % are back; Infinity: never. */
    backS: mean(runs.map((run) => run.backS)),
    back: mean(runs.map((run) => run.back)),
    refusals: mean(runs.map((run) => run.refusals)),
    mostRefusals: Math.max(...runs.map((run) => run.mostRefusals)),
    peak: mean(runs.map((run) => run.peak)),
    refusalWorkS: mean(runs.map((run) => run.refusals)) * (world.costs.refuseMs / 1_000),
  };
}

/** @param {import('./clients.mjs').Kind} kind @param {Parameters<typeof herd>[1]} world @param {number} seed */
function oneHerd(kind, { outageMs, costs, gate }, seed) {
  const { waiting } = untilReturn(kind, outageMs, randomFrom(seed));
  const ask = gate();
  const queue = new TimeQueue();
  for (const { client, firstMs } of waiting) if (firstMs < PATIENCE_MS) queue.push(firstMs, { client, refusals: 0 });
  const tenths = new Map();
  let coreFreeAt = 0;
  let back = 0;
  let backMs = Number.POSITIVE_INFINITY;
  let refusals = 0;
  let mostRefusals = 0;
  for (;;) {
    const next = queue.pop();
    if (next === undefined || next.at > PATIENCE_MS) break;
    const { at, what } = next;
    const tenth = Math.floor(at / 100);
    tenths.set(tenth, (tenths.get(tenth) ?? 0) + 1);
    const startAt = Math.max(coreFreeAt, at);
    const reason = ask(startAt, what.client.slot());
    coreFreeAt = startAt + (reason === null ? costs.acceptMs : costs.refuseMs);
    if (reason === null) {
      back += 1;
      if (back === Math.ceil(CLIENTS * 0.99)) backMs = coreFreeAt;
      continue;
    }
    refusals += 1;
    what.refusals += 1;
    mostRefusals = Math.max(mostRefusals, what.refusals);
    const delay = what.client.ended(outageMs + coreFreeAt, reason);
    if (delay !== null) queue.push(coreFreeAt + delay, what);
  }
  return { backS: backMs / 1_000, back, refusals, mostRefusals, peak: Math.max(0, ...tenths.values()) };
}

/** The things to come, the earliest first: a binary heap. */
class TimeQueue {
  #things = [];

  /** @param {number} at @param {any} what */
  push(at, what) {
    const things = this.#things;
    let place = things.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (things[parent].at <= at) break;
      things[place] = things[parent];
      place = parent;
    }
    things[place] = { at, what };
  }

  pop() {
    const things = this.#things;
    const first = things[0];
    const last = things.pop();
    if (things.length === 0 || last === undefined) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= things.length) break;
      if (child + 1 < things.length && things[child + 1].at < things[child].at) child += 1;
      if (things[child].at >= last.at) break;
      things[place] = things[child];
      place = child;
    }
    things[place] = last;
    return first;
  }
}
