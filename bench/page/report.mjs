// What the components of a contender tell the bench, and what it makes of it.

/** Renders of each component. @type {Map<string, number>} */
let renders = new Map();
/** Numbers of the messages that were on the screen. @type {Set<number>} */
let shown = new Set();
/** Of which component each commit was, and in which frame. @type {[topic: string, frame: number][]} */
let commits = [];
let frame = 0;
let highest = 0;
let isInOrder = true;
let isMeasuring = false;
/** @type {() => void} */
let look = () => {};

/** A component renders. @param {string} topic */
export function rendered(topic) {
  renders.set(topic, (renders.get(topic) ?? 0) + 1);
}

/** A commit of it. @param {string} topic */
export function committed(topic) {
  commits.push([topic, frame]);
}

/** What it holds after a commit, the newest at the end. @param {readonly string[]} messages */
export function told(messages) {
  // From the end: what was there before was looked at then.
  let first = messages.length;
  while (first > 0 && numberOf(messages[first - 1]) > highest) first -= 1;
  for (const message of messages.slice(first)) {
    const number = numberOf(message);
    isInOrder &&= number > highest;
    highest = Math.max(highest, number);
    shown.add(number);
  }
  look();
}

/** @param {string | undefined} message */
function numberOf(message) {
  return Number(message?.split(':')[1]);
}

/** From here on it counts. */
export function begin() {
  renders = new Map();
  shown = new Set();
  commits = [];
  frame = 0;
  highest = 0;
  isInOrder = true;
  isMeasuring = true;
  requestAnimationFrame(countFrames);
}

function countFrames() {
  frame += 1;
  if (isMeasuring) requestAnimationFrame(countFrames);
}

/** Resolves when the last of `count` messages is on the screen. @param {number} count @returns {Promise<void>} */
export function whenShown(count) {
  return new Promise((resolve) => {
    look = () => {
      if (highest === count) resolve(undefined);
    };
    look();
  });
}

/** @param {string} concerned the topic of the messages */
export function end(concerned) {
  isMeasuring = false;
  const others = [...renders].filter(([topic]) => topic !== concerned);
  /** @type {Map<number, number>} */
  const perFrame = new Map();
  const own = commits.filter(([topic]) => topic === concerned);
  for (const [, at] of own) perFrame.set(at, (perFrame.get(at) ?? 0) + 1);
  return {
    shown: shown.size,
    isInOrder,
    commits: own.length,
    mostInAFrame: Math.max(0, ...perFrame.values()),
    frames: frame,
    renders: renders.get(concerned) ?? 0,
    otherRenders: others.reduce((sum, [, count]) => sum + count, 0),
  };
}
