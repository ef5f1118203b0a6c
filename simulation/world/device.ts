import { LockManager } from '../../packages/core/src/testing/locks.ts';
import type { Clock } from './clock.ts';
import type { Chance } from './prng.ts';
import { Disk } from './storage.ts';

/** What the pages of one browser share: storage, locks, the network card and the wall clock. */
export class Device {
  readonly name: string;
  readonly disk: Disk;
  readonly locks: LockManager;
  /** Whether packets leave the device. */
  isConnected = true;
  /** What the browser says about it, which is wrong at times. */
  saysOnline = true;
  /** How far its wall clock is off, milliseconds. */
  wallOffset = 0;

  constructor(name: string, clock: Clock, chance: Chance) {
    this.name = name;
    this.disk = new Disk(clock, chance);
    this.locks = new LockManager(clock, () => chance.between(0, 2));
  }
}

/** When the world's wall clocks began, milliseconds since the epoch. */
export const EPOCH = 1_800_000_000_000;
