import satisfies from 'semver/functions/satisfies.js';
import { ok, problem, skipped, warning, type Check } from '../check.js';
import { addSpace, describeShortage, FLOOR, isShortOf, type Disk, type Space } from '../disk.js';
import { saySpan } from '../moment.js';
import type { Instant } from '../release.js';

const NODE_RANGE = '>=20.19';
const GIT_RANGE = '>=2.28';
const GIB = 1024 ** 3;
// A release's dependencies may be anything; two of them are on disk at the least.
const COMFORT: Space = { bytes: 2 * GIB, files: 100_000 };
const UNKNOWN_RELEASE: Space = { bytes: 300 * 1024 ** 2, files: 20_000 };

/** The Node.js that this process runs on. */
export function judgeNode(version: string): Check {
  return satisfies(version, NODE_RANGE)
    ? ok('machine.node', version)
    : problem(
        'machine.node',
        `${version} is older than ${NODE_RANGE.slice(2)}`,
        'install Node.js 20.19 or newer',
      );
}

/** What `git --version` said. */
export function judgeGit(said: string): Check {
  const version = /\d+\.\d+(\.\d+)?/.exec(said)?.[0] ?? '0.0';
  const whole = version.split('.').length < 3 ? `${version}.0` : version;
  return satisfies(whole, GIT_RANGE)
    ? ok('machine.git', version)
    : problem('machine.git', `${version} is older than ${GIT_RANGE.slice(2)}`, 'update git');
}

/** The disk of a root, against what the active release takes; null: nobody knows. */
export function judgeDisk(disk: Disk, release: Space | null): Check {
  if (disk.at === 'readonly')
    return problem(
      'machine.disk',
      describeShortage(disk, FLOOR),
      'check the disk (dmesg), then remount it: the next poll goes on by itself',
    );
  const need = addSpace(FLOOR, release ?? UNKNOWN_RELEASE);
  const detail = describe(disk);
  if (isShortOf(disk, need))
    return problem(
      'machine.disk',
      `${detail}: ${describeShortage(disk, need)} for a release`,
      'free some space: a release is staged beside the running one',
    );
  return isShortOf(disk, COMFORT)
    ? warning('machine.disk', detail, 'free some space, or lower "keep" in gitops.json')
    : ok('machine.disk', detail);
}

function describe({ path, bytes, files }: Extract<Disk, { at: 'writable' }>): string {
  const room = `${(bytes / GIB).toFixed(1)} GiB free at ${path}`;
  return files === null ? room : `${room}, and room for ${files} files`;
}

/** What tells whether a clock is right. */
export interface ClockSight {
  readonly now: Instant;
  /** What a server's clock showed at `now`, give or take a second; null: nobody was asked, or told. */
  readonly server: Instant | null;
  /** The newest moment on record: none lies in the future. */
  readonly newest: Instant | null;
  /** What the system says of being kept right; null: it does not say. */
  readonly kept: boolean | null;
}

// Servers tell whole seconds, and answers take their time.
const UNSURE_MS = 30_000;
const WRONG_MS = 10 * 60_000;
const CLOCK_MEND = 'have the clock kept right: timedatectl set-ntp true, chrony, or w32tm /resync';

/** The machine's clock: windows, soak and signatures go by it. */
export function judgeClock({ now, server, newest, kept }: ClockSight): Check {
  if (newest !== null && newest - now > UNSURE_MS)
    return problem(
      'machine.clock',
      `a record is from ${saySpan(newest - now)} ahead: the clock was set back, or was wrong`,
      `see whether it is right now; ${CLOCK_MEND}`,
    );
  if (server !== null) return judgeOffset(now - server);
  if (kept === false)
    return warning('machine.clock', 'the system says that nothing keeps its clock right', CLOCK_MEND);
  return kept === true
    ? ok('machine.clock', 'the system says that it is kept right')
    : skipped(
        'machine.clock',
        'nobody to compare it with: the source is no http(s) server that tells the time',
      );
}

function judgeOffset(aheadMs: number): Check {
  const offMs = Math.abs(aheadMs);
  const seconds = Math.round(offMs / 1000);
  if (offMs < UNSURE_MS) return ok('machine.clock', `within ${Math.max(1, seconds)} s of the source's`);
  const detail = `${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} the source's`;
  return offMs < WRONG_MS
    ? warning('machine.clock', detail, CLOCK_MEND)
    : problem('machine.clock', `${detail}: windows, soak and expiries count wrongly`, CLOCK_MEND);
}
