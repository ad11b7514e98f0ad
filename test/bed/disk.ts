import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { closePlace, openPlace, type Place } from './place.js';
import { waitFor } from './wait.js';

const run = promisify(execFile);

const SIZE_BYTES = 256 * 1024 * 1024;
// Only what somebody asks for reaches the device: no commit by time, and no courtesy for files that are replaced without having been synced.
const OPTIONS = 'commit=900,noauto_da_alloc,noatime,nodiscard';

/** What a cut needs to know: the file behind the disk, and how much the kernel has written to it. */
export interface Platter {
  readonly image: string;
  /** `/sys/block/loop…/stat`. */
  readonly stat: string;
}

/** A disk of one machine's own, in a file. What the machine has not synced is not in that file: a copy of it is what a power loss leaves. */
export class Disk {
  readonly #place: Place;
  #image: string;
  #device: string | null = null;
  #folder: string | null = null;

  private constructor(place: Place) {
    this.#place = place;
    this.#image = join(place.folder, 'fresh.img');
  }

  /** Why there can be none here, or false: a loop device and a mount want root. */
  static impossible(): string | false {
    if (process.platform !== 'linux' || process.getuid?.() !== 0)
      return 'only root on Linux can mount a disk';
    if (spawnSync('mkfs.ext4', ['-V']).error !== undefined) return 'there is no mkfs.ext4';
    return spawnSync('losetup', ['--find']).status === 0 ? false : 'there is no loop device';
  }

  static async make(): Promise<Disk> {
    const disk = new Disk(await openPlace());
    const file = await open(disk.#image, 'w');
    await file.truncate(SIZE_BYTES);
    await file.close();
    await run('mkfs.ext4', ['-q', '-F', '-J', 'size=8', '-O', '^metadata_csum', disk.#image]);
    return disk;
  }

  /** Where the copies lie. */
  get folder(): string {
    return this.#place.folder;
  }

  get platter(): Platter {
    return { image: this.#image, stat: `/sys/block/${basename(this.#device ?? '')}/stat` };
  }

  /** Mounts the disk on a folder. */
  async attach(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true });
    const { stdout } = await run('losetup', ['--find', '--show', this.#image]);
    this.#device = stdout.trim();
    await run('mount', ['-t', 'ext4', '-o', OPTIONS, this.#device, folder]);
    this.#folder = folder;
  }

  /** Takes the disk off; nothing may stand on it any more. */
  async detach(): Promise<void> {
    const folder = this.#folder;
    if (folder !== null) await waitFor('the disk to be let go', () => unmount(folder), { everyMs: 20 });
    if (this.#device !== null) await run('losetup', ['--detach', this.#device]);
    [this.#folder, this.#device] = [null, null];
  }

  /** Puts another image in the place of this one, as a copy. */
  async replaceBy(image: string): Promise<void> {
    const folder = this.#folder;
    if (folder === null) throw new Error('the disk is not attached');
    await this.detach();
    this.#image = join(this.#place.folder, 'used.img');
    await rm(this.#image, { force: true });
    await run('cp', ['--sparse=always', image, this.#image]);
    await this.attach(folder);
  }

  async close(): Promise<void> {
    await this.detach();
    await closePlace(this.#place);
  }
}

/** Whoever was killed lets go of its files a moment later. */
async function unmount(folder: string): Promise<boolean> {
  return run('umount', [folder]).then(
    () => true,
    () => false,
  );
}

/** Copies what the kernel has written to a disk by now; again, if it wrote in the meantime. */
export function cutDisk({ image, stat }: Platter, copy: string): void {
  for (let before = readFileSync(stat, 'utf8'); ;) {
    const { status } = spawnSync('cp', ['--sparse=always', image, copy]);
    if (status !== 0) throw new Error(`cannot copy ${image}`);
    const after = readFileSync(stat, 'utf8');
    if (writesOf(before) === writesOf(after) && underWay(after) === '0') return;
    before = after;
  }
}

// https://docs.kernel.org/block/stat.html: the seventh field counts sectors written, the ninth what is under way.
function writesOf(stat: string): string | undefined {
  return stat.trim().split(/\s+/)[6];
}

function underWay(stat: string): string | undefined {
  return stat.trim().split(/\s+/)[8];
}
