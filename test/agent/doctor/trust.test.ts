import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { checkTrust } from '../../../src/agent/doctor/trust.js';
import { Visit } from '../../../src/agent/doctor/visit.js';
import { lookNow } from '../../../src/agent/look.js';
import { signedTags } from '../../../src/agent/signed-tags.js';
import type { Root } from '../../../src/agent/root.js';
import { next } from '../../../src/domain/next.js';
import { FRESH } from '../../../src/domain/upgrade.js';
import { exists } from '../../../src/os/files.js';
import { openJournal } from '../../../src/state/journal.js';
import { gpgSigner, without } from '../../bed/signer.js';
import { runCli } from '../../cli/program.js';
import { ownFolder } from '../../folder.js';
import { asking, openBench, pushTag, seen, trust, whyNot } from '../signatures.js';

const LIMIT = { timeout: 120_000, skip: (await without('ssh-keygen')) || (await without('gpg')) };

/** What doctor says of signatures, a line each. */
async function said(root: Root): Promise<string> {
  const checks = await checkTrust(new Visit(root, new AbortController().signal));
  return checks.map(({ level, detail, mend }) => `${level}: ${detail}; ${mend ?? ''}`).join('\n');
}

test(
  'doctor tells what keeps signatures from being judged, each with its mend, and whether what serves was verified',
  LIMIT,
  async (t) => {
    const { remote, place, ops, commit } = await openBench(t);
    const { root } = place;
    const { layout } = root;
    assert.match(await said(asking(place, { mode: 'off' }).root), /^skipped: verify is off/);
    assert.match(await said(root), /^ok: verify is required[^]*ok: .*gitops\.signers names 1 key/);
    await trust({ place }, `ops@example.invalid ${ops.key}\n# a word\n\nops@example.invalid ssh-ed25519\n`);
    assert.match(await said(root), /problem: .*gitops\.signers:4: .* names no key; write a line/);
    await trust({ place }, '');
    assert.match(await said(root), /problem: .*gitops\.signers names nobody/);
    assert.match(
      await said(asking(place, { signers: 'x' }).root),
      /problem: .*x is not there: nobody may sign/,
    );
    assert.match(
      await said(asking(place, { revoked: 'x' }).root),
      /problem: .*x is not there: nothing is let in/,
    );
    await trust({ place }, `ops@example.invalid ${ops.key}\n`);
    await writeFile(join(layout.root, 'nothing'), '');
    assert.doesNotMatch(await said(asking(place, { revoked: 'nothing' }).root), /problem/);
    assert.match(await said(asking(place, { keyring: 'nothing' }).root), /problem: .*nothing is empty/);
    await chmod(join(layout.root, 'gitops.signers'), 0o666);
    assert.match(await said(root), /problem: .*may be written by everybody/);
    await chmod(join(layout.root, 'gitops.signers'), 0o600);
    await writeFile(join(layout.root, 'keys.asc'), 'x');
    const bare = { ...root.host, env: { ...root.host.env, PATH: await ownFolder(t) } };
    const poor = await said({ ...asking(place, { keyring: 'keys.asc' }).root, host: bare });
    assert.match(
      poor,
      /problem: .*ssh-keygen is not in PATH; install[^]*problem: .*gpg is not in PATH; install/,
    );

    await pushTag({ remote }, { name: 'v1.0.0', target: commit }, [ops]);
    const release = await seen(place, 'v1.0.0');
    const journal = await openJournal(layout.journal);
    await journal.append(next(FRESH, { type: 'adopted', release, apps: null, trail: [], at: 1 }), 1);
    assert.match(await said(root), /warning: v1\.0\.0 \([0-9a-f]{7}\) serves and was not verified/);
    // Nobody asks for the signature of what serves; another machine's record says the same.
    assert.equal(await whyNot(place, { ...release, commit: release.commit }), null);
  },
);

test('whoever makes a root is told by which keys the newest tags are signed', LIMIT, async (t) => {
  const { remote, place, ops, commit } = await openBench(t);
  const kind = async () => signedTags(place, (await lookNow(place.root, place.signal)).refs);
  assert.equal(await kind(), null, 'a lightweight tag');
  for (const name of ['v1.0.0', 'v1.1.0', 'v1.2.0'])
    await pushTag({ remote }, { name, target: commit }, [ops]);
  assert.equal(await kind(), 'ssh');
  const folder = await ownFolder(t);
  const made = await runCli(folder, ['init', remote.url, '--yes']);
  assert.equal(made.code, 0, made.stderr);
  assert.match(
    made.stdout,
    /The newest tags are signed[^]*gitops\.signers: ops@example\.com[^]*"verify": "required"/,
  );
  assert.equal(await exists(join(folder, '.pm2-gitops', 'trash')), false, 'no worker was killed here');
  await pushTag({ remote }, { name: 'v1.3.0', target: commit });
  assert.equal(await kind(), null, 'the newest is not signed');
  const gpg = await gpgSigner(t);
  await gpg.makeKey('ops@example.invalid', null, 'never');
  for (const name of ['v2.0.0', 'v2.1.0', 'v2.2.0'])
    await pushTag({ remote }, { name, target: commit }, [gpg.as('ops@example.invalid')]);
  assert.equal(await kind(), 'gpg');
  remote.fault = 'down';
  assert.equal(await signedTags(place, [{ name: 'refs/tags/v9.0.0', commit, object: commit }]), null);
});
