import { readFile } from 'node:fs/promises';
import { beginOf, parseMoment } from '../../src/config/moment.js';
import { parsePolicy } from '../../src/config/policy.js';
import { messageOf } from '../../src/domain/errors.js';
import type { MachineIdentity, Policy } from '../../src/domain/policy.js';
import { partsOfTag } from '../../src/domain/tag-parts.js';
import { systemClock } from '../../src/os/clock.js';
import { groupRules, HOUR_MS, MINUTE_MS, policyWith } from '../domain/fleet.js';
import { run } from './fleet.js';
import { parseOptions, type Options } from './options.js';
import { tellBad, tellGood, tellLoad, type Told } from './report.js';
import type { Outcome } from './simulate.js';
import { simulatedRelease } from './world.js';

// npm run simulate: a fleet of the product's own decisions on a virtual clock; who has a release when, and what that asks of the remote.

const ZONE = new Intl.DateTimeFormat().resolvedOptions().timeZone;
const DAY = policyWith({
  rules: groupRules({ wave: { canaryMs: 0, curve: { kind: 'linear', overMs: 24 * HOUR_MS } } }),
});
const A_YEAR_MS = 365 * 24 * HOUR_MS;

try {
  await main();
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 2;
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  const { policy: file, pollEveryMs, spanMs, seed, bad, holdAfterMs } = options;
  const policy =
    file === null ? DAY : await parsePolicy(await readFile(file, 'utf8'), { origin: file, zone: ZONE });
  const roster = rosterOf(options, policy);
  const name = file === null ? 'a wave over 24 h' : `${file}, version ${policy.version}`;
  console.log(
    `${roster.length} machines, a look every ${pollEveryMs / MINUTE_MS} min, ${spanMs / HOUR_MS} h; ${name}; seed ${seed}\n`,
  );
  const fleet = { options, policy, roster };
  if (!bad) {
    const good = simulateRelease(fleet, false);
    console.log(`${tellGood(good)}\n\n${tellLoad(good.outcome)}\n`);
  }
  console.log(`${tellBad(simulateRelease(fleet, true), holdAfterMs)}\n`);
}

interface Fleet {
  readonly options: Options;
  readonly policy: Policy;
  readonly roster: readonly MachineIdentity[];
}

function simulateRelease({ options, policy, roster }: Fleet, crashes: boolean): Told {
  const { tag, spanMs, pollEveryMs, holdAfterMs, thorough } = options;
  const out = outOf(options);
  const before = partsOfTag(tag)?.before ?? 'v0.0.0';
  const startMs = performance.now();
  const outcome = run({
    ...{
      policy,
      roster,
      pollEveryMs,
      thorough,
      zone: ZONE,
      start: out - pollEveryMs,
      spanMs: spanMs + pollEveryMs,
    },
    releases: [
      simulatedRelease(before, 0, { out: out - A_YEAR_MS }),
      simulatedRelease(tag, 1, { out, crashes }),
    ],
    holdAfterMs: crashes ? holdAfterMs : null,
  });
  tellPace(outcome, performance.now() - startMs);
  const plain = !process.stdout.isTTY || (process.env['NO_COLOR'] ?? '') !== '';
  return { outcome, tag, machines: roster.length, out, spanMs, zone: ZONE, plain };
}

function tellPace({ looks, decisions }: Outcome, tookMs: number): void {
  const count = looks.reduce((sum, each) => sum + each, 0);
  console.error(`${count} looks and ${decisions} decisions in ${(tookMs / 1_000).toFixed(1)} s`);
}

function rosterOf({ machines, seed }: Options, { roster }: Policy): readonly MachineIdentity[] {
  if (machines === null && roster.length > 0) return roster;
  const count = machines ?? 1_000;
  const digits = String(count - 1).length;
  return Array.from({ length: count }, (_, n) => ({
    ...{ id: `${seed}-${n}`, labels: {} },
    name: `vps-${String(n).padStart(digits, '0')}`,
  }));
}

function outOf({ out }: Options): number {
  if (out === null) return Math.floor(systemClock().now() / MINUTE_MS) * MINUTE_MS;
  const moment = parseMoment(out);
  if (moment === null) throw new Error(`"${out}" is no moment; write 2026-12-01T09:00`);
  return beginOf(moment, ZONE);
}
