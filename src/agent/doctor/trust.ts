import { ok, problem, skipped, warning, type Check } from '../../domain/check.js';
import { isGitOpsError } from '../../domain/errors.js';
import { plainLine } from '../../domain/plain.js';
import type { Facts } from '../../domain/facts.js';
import { describeRelease } from '../../domain/release.js';
import { findingOf } from '../../domain/trust.js';
import { requireGpg } from '../../source/gpg-signature.js';
import { requireSshKeygen } from '../../source/ssh-signature.js';
import type { Root } from '../root.js';
import { releaseToCome, type Visit } from './visit.js';
import { readTrustFiles, type TrustFile, type TrustFiles } from '../trust-files.js';

const NAME = 'trust.signatures';
const LIMIT_MS = 10_000;
const MEND = 'see verify in gitops.json, and docs/configuration.md';
// sshd(8), AUTHORIZED_KEYS: the kind of a key, and the key, which begins with the length of the name of its kind.
const KEY = /(?:^|\s)(?:sk-)?(?:ssh|ecdsa)-[\w@.-]+\s+AAAA[\w+/]+=*/;

/** Whether what this machine asks of signatures can be judged here, and whether what serves was. */
export async function checkTrust({ root, signal, facts }: Visit): Promise<Check[]> {
  const { verify, policy } = root.config;
  if (verify.mode === 'off' && policy?.verify !== 'required')
    return [skipped(NAME, 'verify is off: releases come unsigned')];
  const files = await readTrustFiles(root);
  const found = [...signerChecks(files, verify.keyring !== null), ...otherChecks(files)];
  const tools = await toolChecks(root, files, signal);
  const served = verify.mode === 'off' ? [] : signedChecks(await facts());
  const all = [...found, ...tools, ...served];
  const asks = `verify is ${verify.mode}${policy?.verify === 'required' ? ', and policies have to be signed' : ''}`;
  return all.some(({ level }) => level === 'problem') ? all : [ok(NAME, asks), ...all];
}

/** Where only GPG is used, there need be no file of SSH's signers. */
function signerChecks({ signers: { path, content } }: TrustFiles, hasKeyring: boolean): Check[] {
  if (!Buffer.isBuffer(content))
    return hasKeyring ? [] : [problem(NAME, `${content.problem}: nobody may sign by SSH`, whoMaySign(path))];
  const lines = content
    .toString('utf8')
    .split('\n')
    .map((line) => line.trim());
  const keys = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const odd = lines.findIndex((line) => keys.includes(line) && !KEY.test(line));
  if (odd >= 0)
    return [
      problem(NAME, plainLine(`${path}:${odd + 1}: "${lines[odd] ?? ''}" names no key`), whoMaySign(path)),
    ];
  if (keys.length === 0) return hasKeyring ? [] : [problem(NAME, `${path} names nobody`, whoMaySign(path))];
  return [ok(NAME, `${path} names ${keys.length} ${keys.length === 1 ? 'key' : 'keys'}`)];
}

function whoMaySign(path: string): string {
  return `write a line for each key into ${path}: ops@example.com namespaces="git" ssh-ed25519 AAAA…`;
}

function otherChecks({ revoked, keyring }: TrustFiles): Check[] {
  return [...fileChecks(revoked), ...fileChecks(keyring), ...emptyChecks(keyring)];
}

function fileChecks(file: TrustFile | null): Check[] {
  return file === null || Buffer.isBuffer(file.content)
    ? []
    : [problem(NAME, `${file.content.problem}: nothing is let in`, MEND)];
}

/** That no key is revoked yet is fine; a keyring without a key lets nobody sign. */
function emptyChecks(keyring: TrustFile | null): Check[] {
  return keyring !== null && Buffer.isBuffer(keyring.content) && keyring.content.length === 0
    ? [problem(NAME, `${keyring.path} is empty`, MEND)]
    : [];
}

async function toolChecks(
  { host, layout }: Root,
  { keyring }: TrustFiles,
  signal: AbortSignal,
): Promise<Check[]> {
  const place = { cwd: layout.root, env: host.env };
  const options = { signal, limitMs: LIMIT_MS };
  const asked = [requireSshKeygen(place, options), ...(keyring === null ? [] : [requireGpg(place, options)])];
  const found = await Promise.allSettled(asked);
  return found.flatMap((one) => {
    if (one.status === 'fulfilled') return [];
    const reason: unknown = one.reason;
    if (!isGitOpsError(reason)) throw reason;
    return [problem(NAME, reason.message, reason.hint ?? MEND)];
  });
}

function signedChecks(facts: Facts): Check[] {
  return [...activeChecks(facts), ...desiredChecks(facts)];
}

/** What serves goes on without a signature; people should know. */
function activeChecks({ upgrade, trust, observed }: Facts): Check[] {
  if (upgrade.active === null) return [];
  const { release } = upgrade.active;
  const finding = findingOf(trust, release, observed);
  if (finding?.at === 'verified' && finding.by !== null)
    return [
      ok('trust.active', `${describeRelease(release)}, which serves, is signed by ${plainLine(finding.by)}`),
    ];
  const what = `${describeRelease(release)} serves and was not verified by the files that are here now`;
  return [warning('trust.active', what, 'nothing to do: the next release that is signed replaces it')];
}

function desiredChecks(facts: Facts): Check[] {
  const release = releaseToCome(facts);
  if (release === null || release.commit === facts.upgrade.active?.release.commit) return [];
  const name = describeRelease(release);
  const finding = findingOf(facts.trust, release, facts.observed);
  if (finding === null) return [skipped('trust.desired', `nobody has looked at ${name} yet`)];
  if (finding.at === 'refused')
    return [
      problem(
        'trust.desired',
        `${name} is not taken: ${plainLine(finding.why)}`,
        'tag a release that is signed; or mend the signers, and pm2-gitops retry',
      ),
    ];
  return [
    ok(
      'trust.desired',
      `${name}: ${finding.by === null ? 'not signed, and need not be' : `signed by ${plainLine(finding.by)}`}`,
    ),
  ];
}
