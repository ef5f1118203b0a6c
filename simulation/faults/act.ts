import { count } from '../coverage.ts';
import type { Action, ActionKind, Plan } from '../plan.ts';
import type { Device } from '../world/device.ts';
import type { Tab } from '../world/tab.ts';
import type { World } from '../world/world.ts';
import { APP_DEEDS } from './app.ts';
import { CALLBACK_FAULTS } from './callbacks.ts';
import type { Deed } from './deed.ts';
import { DEVICE_FAULTS } from './devices.ts';
import { HINTS } from './hints.ts';
import { NETWORK_FAULTS } from './network.ts';
import { PAGE_FAULTS } from './pages.ts';
import { SERVER_FAULTS } from './server.ts';
import { STORAGE_FAULTS } from './storage.ts';
import { TAB_FAULTS } from './tabs.ts';

const DEEDS_BY_KIND: { readonly [Kind in ActionKind]: Deed } = {
  ...APP_DEEDS,
  ...CALLBACK_FAULTS,
  ...NETWORK_FAULTS,
  ...SERVER_FAULTS,
  ...STORAGE_FAULTS,
  ...TAB_FAULTS,
  ...PAGE_FAULTS,
  ...HINTS,
  ...DEVICE_FAULTS,
};

/** Does one action of the plan to the world. What lasts ends by itself, or with `endFaults`. */
export function act(world: World, plan: Plan, action: Action): void {
  const { kind, ms, choice } = action;
  const tab = world.tabs[action.who % world.tabs.length] as Tab;
  const device = world.devices[action.who % world.devices.length] as Device;
  const deed = DEEDS_BY_KIND[kind];
  if (world.isSettling) return;
  const did = deed({ world, plan, tab, device, ms, choice, kind });
  if (!did) return;
  count(`did ${kind}`);
}
