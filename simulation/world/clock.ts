/**
 * Virtual time and the one queue of the world: a task runs at its time, tasks of one time in the order in which they
 * were scheduled, and every microtask that a task leaves behind runs before the next one.
 */
export class Clock {
  #now = 0;
  #order = 0;
  #heap: Task[] = [];
  #ran = 0;

  /** Milliseconds since the world began. */
  get now(): number {
    return this.#now;
  }

  /** How many tasks have run. */
  get ran(): number {
    return this.#ran;
  }

  /** Runs `run` after `ms` of virtual time; the function returned cancels it. */
  after(ms: number, run: () => void): () => void {
    const task: Task = { at: this.#now + Math.max(0, ms), order: this.#order, run };
    this.#order += 1;
    this.#push(task);
    return () => {
      task.run = null;
    };
  }

  /** Runs all tasks up to `until`, as long as `goOn` says so. `between` is called when a task and its microtasks have run. */
  async run(until: number, between: () => boolean): Promise<void> {
    for (let task = this.#heap[0]; task !== undefined && task.at <= until; task = this.#heap[0]) {
      this.#pop();
      if (task.run === null) continue;
      this.#now = task.at;
      const run = task.run;
      // A task that has run must not be kept alive by whoever still could cancel it.
      task.run = null;
      this.#ran += 1;
      run();
      await drained();
      if (!between()) return;
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

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Task;
    if (heap.length === 0) return;
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

/**
 * Resolves when no microtask is left. Node runs what `nextTick` was given from inside a microtask only after the whole
 * microtask queue is empty: a full drain with no turn of the real event loop, so no order that depends on the machine.
 */
export function drained(): Promise<void> {
  return new Promise((resolve) => {
    queueMicrotask(() => process.nextTick(resolve));
  });
}
