import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import type { VerifyConfig } from '../../src/config/verify.js';
import { execa } from 'execa';
import { readTrust } from '../../src/state/trust-store.js';
import { gpgSigner, without } from '../bed/signer.js';
import { asking, openBench, pushTag, seen, whyNot } from './signatures.js';

const GPG = { timeout: 120_000, skip: (await without('gpg')) || (await without('ssh-keygen')) };

test('keys of GPG: who signs, and whose key is over, revoked or unknown', GPG, async (t) => {
  const { remote, place, commit } = await openBench(t);
  const gpg = await gpgSigner(t);
  await gpg.makeKey('ops@example.invalid', null, 'never');
  await gpg.makeKey('old@example.invalid', '20200101T000000', '30d');
  await gpg.makeKey('gone@example.invalid', null, 'never');
  await gpg.makeKey('stranger@example.invalid', null, 'never');
  const signers = {
    'v1.0.0': gpg.as('ops@example.invalid'),
    'v1.0.1': gpg.as('old@example.invalid', '20200110T000000'),
    'v1.0.2': gpg.as('gone@example.invalid'),
    'v1.0.3': gpg.as('stranger@example.invalid'),
  };
  for (const [name, signer] of Object.entries(signers))
    await pushTag({ remote }, { name, target: commit }, [signer]);
  await gpg.revoke('gone@example.invalid');
  const keyring = 'keys.asc';
  const known = await gpg.publicKeys(['ops@example.invalid', 'old@example.invalid', 'gone@example.invalid']);
  await writeFile(join(place.root.layout.root, keyring), known);
  const why = async (tag: string, settings: Partial<VerifyConfig> = { keyring }) =>
    (await whyNot(asking(place, settings), await seen(place, tag))) ?? 'let in';
  assert.equal(await why('v1.0.0'), 'let in');
  const [{ finding } = { finding: null }] = (await readTrust(place.root.layout)).tried;
  assert.match(
    finding?.at === 'verified' ? (finding.by ?? '') : '',
    /^ops@example\.invalid \([0-9A-F]{40}\)$/,
  );
  assert.match(await why('v1.0.1'), /a key that has expired/);
  assert.match(await why('v1.0.2'), /a key that is revoked/);
  assert.match(await why('v1.0.3'), /keys\.asc does not hold it/);
  assert.match(await why('v1.0.0', {}), /names no verify\.keyring/);
  await writeFile(join(place.root.layout.root, keyring), 'rubbish');
  assert.match(await why('v1.0.0'), /holds no public key/);
});

test('what git itself signs is let in: tags and commits, by both kinds of keys', GPG, async (t) => {
  const { remote, place, ops, commit } = await openBench(t);
  const gpg = await gpgSigner(t);
  await gpg.makeKey('ops@example.invalid', null, 'never');
  await writeFile(join(place.root.layout.root, 'keys.asc'), await gpg.publicKeys(['ops@example.invalid']));
  const machine = asking(place, { keyring: 'keys.asc' });
  const ssh = ['-c', 'gpg.format=ssh', '-c', `user.signingKey=${ops.file}`];
  const pgp = ['-c', 'gpg.format=openpgp', '-c', 'user.signingKey=ops@example.invalid'];
  const git = async (...args: readonly string[]): Promise<string> => {
    const who = ['-c', 'user.name=Öps', '-c', 'user.email=ops@example.invalid'];
    const env = { GNUPGHOME: gpg.home, GIT_CONFIG_GLOBAL: '/dev/null' };
    return (await execa('git', [...who, ...args], { cwd: fileURLToPath(remote.fileUrl), env })).stdout;
  };
  await git(...ssh, 'tag', '-s', '-m', 'grüße', 'v1.0.0', commit);
  await git(...pgp, 'tag', '-s', '-m', 'grüße', '-m', 'more\n\n-- \nme', 'v1.1.0', commit);
  for (const [index, kind] of [ssh, pgp].entries()) {
    const tip = await git(...kind, 'commit-tree', '-S', '-p', commit, '-m', 'grüße', `${commit}^{tree}`);
    await git('update-ref', `refs/heads/signed${index}`, tip);
  }
  for (const tag of ['v1.0.0', 'v1.1.0'])
    assert.equal(await whyNot(machine, await seen(machine, tag)), null, tag);
  for (const branch of ['signed0', 'signed1']) {
    const config = { ...machine.root.config, channel: { kind: 'branch', branch } as const };
    const following = { ...machine, root: { ...machine.root, config } };
    assert.equal(await whyNot(following, await seen(following, `refs/heads/${branch}`)), null, branch);
  }
});
