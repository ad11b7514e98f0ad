import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Disk } from '../bed/disk.js';
import { Blackout, type BlackoutTerms, type Cut } from './blackout.js';

const skip = Disk.impossible();

async function blackout(t: TestContext, terms: BlackoutTerms): Promise<Blackout> {
  const prepared = await Blackout.prepare(terms);
  t.after(() => prepared.close());
  return prepared;
}

/** The last copy of each step: most has happened since the one before. */
function lastOf(cuts: readonly Cut[], steps: readonly string[]): Cut[] {
  return steps.map((step) => {
    const found = cuts.findLast((cut) => cut.step === step);
    assert.ok(found !== undefined, `the power failed while ${step}`);
    return found;
  });
}

test(
  'a machine whose power fails while it activates, proves or ends converges by itself on one whole release',
  { skip, timeout: 120_000 },
  async (t) => {
    const power = await blackout(t, { strategy: 'releases', release: 'good', neighbour: true });
    for (const cut of lastOf(power.cuts, ['proving', 'end']))
      assert.deepEqual((await power.recoverFrom(cut)).complaints, [], `${cut.step}: before ${cut.what}`);
  },
);

test(
  'a checkout whose power fails while git has written its files, and while it goes back, converges as well',
  { skip, timeout: 120_000 },
  async (t) => {
    const power = await blackout(t, { strategy: 'checkout', release: 'crashes at start', neighbour: true });
    const [written] = power.cuts.filter(
      ({ what, step }) => step === 'activating' && /stage.*→.*dist$/.test(what),
    );
    assert.ok(written !== undefined);
    for (const cut of [written, ...lastOf(power.cuts, ['rollingBack'])])
      assert.deepEqual((await power.recoverFrom(cut)).complaints, [], `${cut.step}: before ${cut.what}`);
  },
);

test(
  'a product that vouches for files without having synced them would be found out',
  { skip, timeout: 120_000 },
  async (t) => {
    const terms = { strategy: 'releases', release: 'good', neighbour: true, unsynced: 'trees' } as const;
    const power = await blackout(t, terms);
    const [cut] = lastOf(power.cuts, ['end']);
    assert.ok(cut !== undefined);
    const { complaints } = await power.recoverFrom(cut);
    assert.ok(complaints.some(({ text }) => text.startsWith('dist/server.cjs is broken')));
  },
);
