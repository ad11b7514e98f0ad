import { execFileSync } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { mkdtemp, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

const BALLAST = 'ballast';
const MIB = 1024 ** 2;

/** Why no small disk is to be had here, or false. */
export const NO_DISK = await whyNoDisk();

/** Fills the disk under `GITOPS_ROOT`, in a hook or a build; it ends with 0 although the disk is full then. */
export const FILL = `dd if=/dev/zero of=$GITOPS_ROOT/${BALLAST} bs=4k 2>/dev/null; true`;

/** Makes `GITOPS_ROOT` read-only, in a hook or a build, once for each release: whoever has a file open there goes on writing to it. */
export const MAKE_READ_ONLY =
  'test -f $HOME/$GITOPS_TAG || { touch $HOME/$GITOPS_TAG; mount --bind -o ro $GITOPS_ROOT $GITOPS_ROOT; }';

/** A small file system of its own at a folder, which can be filled and made read-only. */
export class SmallDisk implements AsyncDisposable {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  static async open(path: string, mebibytes: number): Promise<SmallDisk> {
    await execa('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=755`, 'tmpfs', path]);
    return new SmallDisk(path);
  }

  /** Fills it, but for so much. */
  async fill({ but = 0 }: { but?: number } = {}): Promise<void> {
    await this.empty();
    const size = Math.max(0, this.free - but);
    await execa('fallocate', ['-l', String(size), join(this.#path, BALLAST)]);
  }

  /** Takes the ballast away again, whoever put it there. */
  async empty(): Promise<void> {
    await rm(join(this.#path, BALLAST), { force: true });
  }

  get free(): number {
    const { bavail, bsize } = statfsSync(this.#path);
    return bavail * bsize;
  }

  get used(): number {
    const { blocks, bfree, bsize } = statfsSync(this.#path);
    return (blocks - bfree) * bsize;
  }

  async makeReadOnly(): Promise<void> {
    await execa('mount', ['--bind', '-o', 'ro', this.#path, this.#path]);
  }

  /** Takes the read-only mount away, whoever put it there. */
  async makeWritable(): Promise<void> {
    await execa('umount', ['--lazy', this.#path]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async close(): Promise<void> {
    for (;;) {
      const { exitCode } = await execa('umount', ['--lazy', this.#path], { reject: false });
      if (exitCode !== 0) return;
    }
  }
}

/** Bytes of so many mebibytes. */
export function mebibytes(count: number): number {
  return count * MIB;
}

async function whyNoDisk(): Promise<string | false> {
  const folder = await mkdtemp(join(tmpdir(), 'pgo-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder], { stdio: 'ignore' });
    return false;
  } catch {
    return 'only root may mount a small disk, on Linux';
  } finally {
    await rmdir(folder);
  }
}
