import { VirtualClock } from '../../packages/core/src/testing/virtual-clock.ts';

/** The world's time: every microtask that a task leaves behind runs before the next one. */
export class Clock extends VirtualClock {
  constructor() {
    super(drained);
  }
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
