import type { Phase } from '../../packages/core/src/socket/types.ts';
import type { ActionKind, Plan } from '../plan.ts';
import type { Device } from '../world/device.ts';
import type { Tab } from '../world/tab.ts';
import type { World } from '../world/world.ts';

/** One action of the plan, and whom it concerns. */
export interface Scene {
  readonly world: World;
  readonly plan: Plan;
  readonly tab: Tab;
  readonly device: Device;
  readonly ms: number;
  readonly choice: number;
  readonly kind: ActionKind;
}

/** Tells whether there was anything to do it to. */
export type Deed = (scene: Scene) => boolean;

/** Some of the actions, by their names in the plan. */
export type Deeds = { readonly [Kind in ActionKind]?: Deed };

const YEAR_MS = 365 * 86_400_000;

/** How far a wall clock jumps: up to half a year back, or up to a year ahead. */
export function clockJump(choice: number): number {
  return (choice < 0.5 ? -1 : 1) * YEAR_MS * choice;
}

export function pick<T>(items: readonly T[], choice: number): T {
  return items[Math.floor(choice * items.length)] as T;
}

/** The next tab whose socket is in one of these phases. */
export function inPhase({ world, tab: first }: Scene, phases: readonly Phase[]): Tab | undefined {
  const at = world.tabs.indexOf(first);
  const inTurn = [...world.tabs.slice(at), ...world.tabs.slice(0, at)];
  return inTurn.find(({ current }) => current !== null && phases.includes(current.socket.getState().phase));
}
