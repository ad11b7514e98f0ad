import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { perform } from '../../src/agent/perform.js';
import type { Workplace } from '../../src/agent/workplace.js';
import { exists } from '../../src/os/files.js';
import { readTrust } from '../../src/state/trust-store.js';
import { FRESH, type Upgrade } from '../../src/domain/upgrade.js';
import { without } from '../bed/signer.js';
import { onlyGit, openBench, pushTag, seen, trust } from './signatures.js';

const LIMIT = { timeout: 120_000, skip: await without('ssh-keygen') };

/** What the work of an upgrade's phase comes to: the event, whose fault it is, and why. */
async function comesTo(place: Workplace, upgrade: Upgrade): Promise<[string, string?, string?]> {
  const { event } = await perform(place, upgrade);
  if (event === null) return ['nothing'];
  return event.type === 'failed' ? [event.type, event.fault, event.reason] : [event.type];
}

test(
  'what is not signed ends in a run that is blocked before anything of it is fetched; what can no more be found out waits',
  LIMIT,
  async (t) => {
    const { remote, place, ops, stranger, commit } = await openBench(t);
    const { layout } = place.root;
    await pushTag({ remote }, { name: 'v1.0.0', target: commit }, [stranger]);
    const release = await seen(place, 'v1.0.0');
    const candidate = { release, run: 'r', starts: 1 };
    assert.deepEqual(await comesTo(place, FRESH), ['desired'], 'a run begins, to tell it');
    assert.deepEqual((await readTrust(layout)).tried, [], 'and it writes it down');
    const staging: Upgrade = { ...FRESH, phase: { at: 'staging', ...candidate } };
    assert.deepEqual(await comesTo(place, staging), ['failed', 'blocked', 'unverified']);
    for (const path of [layout.mirror, join(layout.state, 'stage')])
      assert.equal(await exists(path), false, path);
    assert.deepEqual(await comesTo(place, FRESH), ['nothing'], 'it is told once');

    await trust({ place }, `ops@example.invalid ${ops.key}\nnew@example.invalid ${stranger.key}\n`);
    await comesTo(place, FRESH);
    assert.equal((await readTrust(layout)).tried[0]?.finding.at, 'verified', 'who may sign has changed');
    await trust({ place }, `ops@example.invalid ${ops.key}\n`);
    const staged: Upgrade = { ...FRESH, phase: { at: 'staged', ...candidate } };
    assert.deepEqual(
      await comesTo(place, staged),
      ['failed', 'blocked', 'unverified'],
      'the key was taken back',
    );
    assert.deepEqual(await comesTo(place, staged), ['nothing'], 'what is known to be refused is not opened');

    await trust({ place }, `new@example.invalid ${stranger.key}\n# and came again\n`);
    const { host } = place.root;
    const poor = { ...host, env: { ...host.env, PATH: await onlyGit(t) } };
    assert.deepEqual(
      await comesTo({ ...place, root: { ...place.root, host: poor } }, FRESH),
      ['failed', 'surroundings', 'backoff'],
      'there is no ssh-keygen',
    );
    remote.fault = 'down';
    assert.deepEqual(await comesTo(place, FRESH), ['failed', 'surroundings', 'offline'], 'the line is cut');
    remote.fault = 'none';
    // A worker was killed while it judged.
    for (const left of ['signed.git', 'verify']) {
      await mkdir(join(layout.trash, left), { recursive: true });
      await writeFile(join(layout.trash, left, 'HEAD'), 'half');
    }
    await comesTo(place, FRESH);
    assert.equal((await readTrust(layout)).tried[0]?.finding.at, 'verified');
    assert.deepEqual(await readdir(layout.trash), []);
  },
);
