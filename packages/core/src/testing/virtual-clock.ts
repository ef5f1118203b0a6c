/** Time, as far as the parts of a world need it. */
export interface Timeline {
  /** Milliseconds. */
  readonly now: number;
  /** Runs `run` after `ms`; the function returned cancels it. */
  after(ms: number, run: () => void): () => void;
}

/**
 * Virtual time and the one queue of a world: a task runs at its time, tasks of one time in the order in which they were
 * scheduled, and what `drain` waits for runs before the next one. By default that is every microtask.
 */
export class VirtualClock implements Timeline {
  readonly #drain: () => Promise<void>;
  #now = 0;
  #order = 0;
  #heap: Task[] = [];
  #ran = 0;

  constructor(drain: () => Promise<void> = turn) {
    this.#drain = drain;
  }

  /** Milliseconds since the world began. */
  get now(): number {
    return this.#now;
  }

  /** How many tasks have run. */
  get ran(): number {
    return this.#ran;
  }

  /** When the next task runs; null: none is left. */
  get nextAt(): number | null {
    while (this.#heap[0]?.run === null) this.#pop();
    return this.#heap[0]?.at ?? null;
  }

  after(ms: number, run: () => void): () => void {
    const task: Task = { at: this.#now + Math.max(0, ms), order: this.#order, run };
    this.#order += 1;
    this.#push(task);
    return () => {
      task.run = null;
    };
  }

  /** Runs all tasks up to `until`, as long as `goOn` says so. It is asked when a task and its microtasks have run. */
  async run(until: number, goOn: () => boolean): Promise<void> {
    for (let at = this.nextAt; at !== null && at <= until; at = this.nextAt) {
      const task = this.#pop();
      this.#now = at;
      const { run } = task;
      // A task that has run must not be kept alive by whoever still could cancel it.
      task.run = null;
      this.#ran += 1;
      run?.();
      await this.#drain();
      if (!goOn()) return;
    }
    this.#now = Math.max(this.#now, until);
  }

  #push(task: Task): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(task);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Task;
      if (!isBefore(task, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = task;
  }

  #pop(): Task {
    const heap = this.#heap;
    const first = heap[0] as Task;
    const last = heap.pop() as Task;
    if (heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Task, heap[child] as Task)) child += 1;
      const below = heap[child] as Task;
      if (!isBefore(below, last)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

interface Task {
  readonly at: number;
  readonly order: number;
  /** Null: cancelled, or it has run. */
  run: (() => void) | null;
}

function isBefore(left: Task, right: Task): boolean {
  return left.at < right.at || (left.at === right.at && left.order < right.order);
}

// Taken when this is loaded: a test that fakes the global timers would fake this one, too, and then wait for ever.
const { setImmediate: immediate } = globalThis as { setImmediate?: (run: () => void) => unknown };

/** Resolves when every microtask that there is has run, with those that they make. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    if (immediate !== undefined) {
      immediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
