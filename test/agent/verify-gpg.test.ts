import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import type { VerifyConfig } from '../../src/config/verify.js';
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
