import type { ReleaseConfig } from '../config/release.js';
import type { Orphan } from '../domain/orphan.js';
import type { Incarnation } from '../domain/process.js';
import { signalAll } from '../os/end-processes.js';
import { asFailure } from './faults.js';
import { findOrphans, noteOffspring } from './orphans.js';
import type { Workplace } from './workplace.js';

// A child that notices that its parent is gone needs a moment to end.
const GRACE_MS = 2_000;
const TERM_MS = 5_000;
const LOOK_MS = 100;

/** Before a restart: notes what lives below what is restarted. Only a word where that cannot be. */
export async function noteChildren(place: Workplace, lives: readonly Incarnation[]): Promise<void> {
  await onlySaid(place, () => noteOffspring(place.root, lives));
}

/** After a restart: tells what former lives of the apps left behind, and ends it where the release asks for that. Never a verdict on the release. */
export async function settleChildren(place: Workplace, config: ReleaseConfig): Promise<void> {
  await onlySaid(place, async () => {
    const left = await stillThere(place, config, GRACE_MS);
    for (const orphan of left) place.report.step(`left behind: ${describeOrphan(orphan)}`);
    if (config.children === 'reap') await reap(place, config, left);
  });
}

/** `web 0 left process 4711 (chrome --headless), with 3 below it`. */
export function describeOrphan({ pid, command, of, tree }: Orphan): string {
  const below = tree.length > 1 ? `, with ${tree.length - 1} below it` : '';
  return `${of.name} ${of.pmId} left process ${pid} (${command})${below}`;
}

async function reap(place: Workplace, config: ReleaseConfig, found: readonly Orphan[]): Promise<void> {
  const mayEnd = (orphans: readonly Orphan[]) => orphans.filter(({ attended }) => !attended);
  const attended = found.filter((orphan) => orphan.attended);
  for (const { pid } of attended) place.report.step(`process ${pid} is left alone: it has a terminal`);
  const asked = signalAll(
    mayEnd(found).flatMap(({ tree }) => tree),
    'SIGTERM',
  );
  if (asked === 0) return;
  const stubborn = mayEnd(await stillThere(place, config, TERM_MS));
  const killed = signalAll(
    stubborn.flatMap(({ tree }) => tree),
    'SIGKILL',
  );
  place.report.step(
    `reaped: ${asked} left behind processes were ended${killed > 0 ? `, ${killed} of them by force` : ''}`,
  );
}

/** What is still there after a while; at once where there is nothing. */
async function stillThere(
  { root, signal }: Workplace,
  { apps }: ReleaseConfig,
  limitMs: number,
): Promise<readonly Orphan[]> {
  const { clock } = root.host;
  const endMs = clock.monotonicMs() + limitMs;
  for (;;) {
    const found = await findOrphans(root, apps, signal);
    if (found.every(({ attended }) => attended) || clock.monotonicMs() >= endMs) return found;
    await clock.sleep(LOOK_MS, signal);
  }
}

async function onlySaid({ report, root }: Workplace, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { message } = asFailure(error, root.layout.root);
    report.step(`warning: what the apps left behind cannot be told: ${message}`);
  }
}
