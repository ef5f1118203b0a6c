/** `@holdfast/core/worker-timers`: timers that a hidden tab does not slow down, for those who need them. */
export { workerTimers } from './environment/worker-timers.ts';
export type { Environment } from './environment/ports.ts';
