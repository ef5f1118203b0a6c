import { labelOf } from '../world/ledger.ts';
import { textOf } from '../world/payloads.ts';
import type { Device } from '../world/device.ts';
import type { World } from '../world/world.ts';
import { type Deeds, pick } from './deed.ts';

/** What goes wrong with a device's storage. */
export const STORAGE_FAULTS = {
  'storage abort': ({ device, choice }) => {
    device.disk.abortsLeft += 1 + Math.floor(choice * 2);
    return true;
  },
  'storage full': ({ world, device, ms }) => {
    device.disk.isFull = true;
    world.later(ms, () => {
      device.disk.isFull = false;
    });
    return true;
  },
  'storage hang': ({ world, device, ms }) => {
    device.disk.hangsUntil = Math.max(device.disk.hangsUntil, Math.min(world.clock.now + ms, world.settleAt - 1));
    return true;
  },
  'storage lost': ({ tab, device }) => {
    if (tab.current === null) return false;
    device.disk.loseConnections(tab.current.page);
    return true;
  },
  'storage cleared': ({ world, device }) => {
    if (device.disk.info === null) return false;
    loseStored(world, device, [...device.disk.logs.keys()]);
    device.disk.clear();
    return true;
  },
  // Damaged, or of a key that is lost: what was stored is there, and nobody can read it.
  'records unreadable': ({ world, device, choice }) => {
    const ids = [...device.disk.logs.keys()];
    if (ids.length === 0) return false;
    const id = pick(ids, choice);
    loseStored(world, device, [id]);
    device.disk.spoil(id);
    return true;
  },
} satisfies Deeds;

/** From here on nobody is promised that what these logs have is delivered. */
function loseStored(world: World, { disk }: Device, ids: readonly string[]): void {
  for (const id of ids) {
    for (const payload of disk.payloadsOf(id)) {
      const sent = world.ledger.sent.get(labelOf(JSON.parse(textOf(payload))));
      if (sent !== undefined) sent.isLost = true;
    }
  }
}
