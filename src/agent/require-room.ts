import { addSpace, diskShort, FLOOR, isShortOf, LEAST, type Space } from '../domain/disk.js';
import { sameRelease, type Release } from '../domain/release.js';
import type { Upgrade } from '../domain/upgrade.js';
import { lookAtDisk } from '../os/disk.js';
import { releaseTree } from '../state/layout.js';
import { readMark } from '../workspace/mark.js';
import { UNKNOWN_SIZE } from '../workspace/size.js';
import { isKept } from '../workspace/stage-kept.js';
import { baseOf } from './perform-stage.js';
import { diskOf } from './room.js';
import { switchingOf } from './switching.js';
import { tidy } from './tidy.js';
import type { Workplace } from './workplace.js';

/**
 * Before a release is staged: room for as much as the active one takes; for one that is kept on disk, only for our own records. Whether its
 * dependencies are installed anew is not known yet, so for them old releases go, but nothing is refused. Throws `DISK_SHORT`.
 */
export async function requireRoomToStage(
  place: Workplace,
  upgrade: Upgrade,
  release: Release,
): Promise<void> {
  if (await lies(place, upgrade, release))
    return requireRoom(place, upgrade, { release, least: LEAST, likely: LEAST });
  const { rest, modules } = (await baseOf(place, upgrade))?.size ?? UNKNOWN_SIZE;
  const least = addSpace(FLOOR, rest);
  await requireRoom(place, upgrade, { release, least, likely: addSpace(least, modules) });
}

/** Whether a release is complete on disk, from a run before this one. */
async function lies({ root }: Workplace, { previous }: Upgrade, release: Release): Promise<boolean> {
  const { config, layout } = root;
  if (config.strategy === 'releases') return (await readMark(releaseTree(layout, release))) !== null;
  return sameRelease(previous, release) && (await isKept(layout.state, release));
}

/** Before the root is touched: room for the switch and all that is written until the release is proven, there and with pm2. Throws `DISK_SHORT`. */
export async function requireRoomToActivate(
  place: Workplace,
  upgrade: Upgrade,
  { release, run }: { readonly release: Release; readonly run: string },
): Promise<void> {
  const switching = switchingOf(place);
  const mark = await readMark(switching.stagedTree(release, run));
  // What was complete before this run is what somebody goes back to: that must not fail for want of room that it does not take.
  const own = mark?.run === run ? FLOOR : LEAST;
  const need = addSpace(own, await switching.takes(upgrade, release, run));
  await requireRoom(place, upgrade, { release, least: need, likely: need });
  const pm2s = lookAtDisk(place.root.host.pm2Home);
  if (pm2s !== null && isShortOf(pm2s, LEAST)) throw diskShort(pm2s, LEAST);
}

interface Need {
  readonly release: Release;
  /** Without this it cannot work. */
  readonly least: Space;
  /** With this it does. */
  readonly likely: Space;
}

async function requireRoom(
  place: Workplace,
  upgrade: Upgrade,
  { release, least, likely }: Need,
): Promise<void> {
  if (!isShortOf(diskOf(place.root), likely)) return;
  place.report.step('the disk is short of room: what can be spared goes first');
  await tidy(place, upgrade, { need: likely, spare: release });
  const disk = diskOf(place.root);
  if (isShortOf(disk, least)) throw diskShort(disk, least);
}
