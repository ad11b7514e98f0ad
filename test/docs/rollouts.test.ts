import assert from 'node:assert/strict';
import test from 'node:test';
import { createColors } from 'picocolors';
import { parsePolicy } from '../../src/config/policy.js';
import { renderRollout } from '../../src/cli/render-rollout.js';
import type { MachineIdentity } from '../../src/domain/policy.js';
import { foresee, type Rollout } from '../../src/domain/rollout.js';
import { partsOfTag } from '../../src/domain/tag-parts.js';
import { rolloutWith } from '../domain/fleet.js';
import { sourceOf } from '../sources.js';

// What docs/rollouts.md shows is what its examples give: the policies parse, and their rollouts are told word by word.

const ZONE = 'Europe/Berlin';
const PAGE = sourceOf('docs/rollouts.md');

/** The roster that the page makes for its third example. */
const THOUSAND = Array.from({ length: 1_000 }, (_, n): MachineIdentity => {
  const region = ['europe', 'america', 'asia'][n % 3] ?? '';
  const ring = n < 50 ? { ring: 'beta' } : n < 60 ? { ring: 'canary' } : {};
  return { id: `machine-${n}`, name: `vps-${String(n).padStart(4, '0')}`, labels: { region, ...ring } };
});

/** The policy's file, the tag, when it comes out, and the machines where the file names none. */
const SHOWN: [string, string, string, (readonly MachineIdentity[])?][] = [
  ['two-machines', 'v1.4.0', '2026-12-01T10:00+01:00'],
  ['thirty-machines', 'v1.4.0', '2026-12-01T10:00+01:00'],
  ['thousand-machines', 'v2.4.0', '2026-12-01T10:00+01:00', THOUSAND],
];

async function told(
  name: string,
  more: Partial<Rollout>,
  roster?: readonly MachineIdentity[],
): Promise<string> {
  const path = `docs/examples/${name}.json`;
  const policy = await parsePolicy(sourceOf(path), { origin: path, zone: ZONE });
  const rollout = rolloutWith({ policy, zone: ZONE, ...more });
  const arrivals = (roster ?? policy.roster).map((machine) => foresee(rollout, machine));
  return renderRollout({ rollout, arrivals, now: rollout.out }, createColors(false));
}

for (const [name, tag, out, roster] of SHOWN)
  test(`the page on rollouts shows what ${name}.json gives`, async () => {
    const from = partsOfTag(tag)?.before ?? '';
    const text = await told(name, { tag, from, out: Date.parse(out) }, roster);
    // The page tells the limits once, in words of its own.
    const shown = text.slice(0, text.indexOf('\n\nForeseen for'));
    assert.ok(PAGE.includes(shown), `docs/rollouts.md does not show:\n${shown}`);
  });

test('the page on rollouts warns of what a freeze saves up', async () => {
  const text = await told('thirty-machines', {
    ...{ tag: 'v1.4.0', from: 'v1.3.0', out: Date.parse('2026-12-17T10:00+01:00') },
  });
  const warnings = text.split('\n').filter((line) => line.startsWith('!'));
  assert.equal(warnings.length, 2);
  for (const line of warnings) assert.ok(PAGE.includes(line), line);
});
