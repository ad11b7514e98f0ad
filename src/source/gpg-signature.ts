import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GitOpsError, isGitOpsError } from '../domain/errors.js';
import { plainLine } from '../domain/plain.js';
import type { Instant } from '../domain/release.js';
import { unverified } from '../domain/signed-object.js';
import type { Env } from '../os/env.js';
import { run, type Command, type RunOptions, type RunResult } from '../os/run.js';
import type { SignatureCase } from './ssh-signature.js';

/** The name of a file in the folder that holds public keys, and what people know it by. */
export interface GpgJudges {
  readonly keyring: string;
  readonly name: string;
}

const HOME = 'gnupg';
const SIGNATURE = 'signature.asc';
const PAYLOAD = 'payload';
// Nothing of whoever runs this is read, no agent is started, nobody is asked for keys. What counts is which keys are in the file, not who trusts them.
// --ignore-time-conflict: a signature from a clock that goes a little fast holds; when it says that it was made is not asked at all.
const DEAF = [
  ...['--homedir', HOME, '--no-options', '--batch', '--no-tty', '--no-autostart', '--no-auto-key-retrieve'],
  ...['--trust-model', 'always', '--ignore-time-conflict', '--status-fd', '1'],
];

/** Judges a GPG signature by `gpg --verify`, and tells whose it is. Throws `UNVERIFIED`; `COMMAND_MISSING` where there is no gpg; what `run` throws. */
export async function judgeGpg(
  known: SignatureCase,
  judges: GpgJudges,
  options: RunOptions,
): Promise<string> {
  const { folder, signature, payload, times } = known;
  // Made by us, and empty: gpg writes its own defaults only into a folder that it makes.
  await mkdir(join(folder, HOME), { mode: 0o700 });
  await writeFile(join(folder, SIGNATURE), signature.armored, { encoding: 'latin1', mode: 0o600 });
  await writeFile(join(folder, PAYLOAD), payload, { encoding: 'latin1', mode: 0o600 });
  const imported = await gpg(known, ['--import', judges.keyring], options);
  if (!/^\[GNUPG:\] IMPORT_OK /m.test(imported.stdout))
    throw unverified(`it is signed by GPG, and ${judges.name} holds no public key: write it by gpg --export`);
  let by = '';
  for (const time of times) {
    const { stdout, code } = await gpg(known, [...clockOf(time), '--verify', SIGNATURE, PAYLOAD], options);
    const verdict = readStatus(stdout, judges.name);
    if (typeof verdict === 'string') throw unverified(verdict);
    if (code !== 0) throw unverified('gpg does not take its signature');
    ({ by } = verdict);
  }
  return by;
}

// github.com/gpg/gnupg, doc/DETAILS: what each of these words means.
const BAD: Readonly<Record<string, string>> = {
  BADSIG: 'its signature is not over what it says',
  EXPSIG: 'its signature has expired',
  EXPKEYSIG: 'it is signed by a key that has expired',
  REVKEYSIG: 'it is signed by a key that is revoked',
  NO_PUBKEY: 'it is signed by a key that is not known',
  ERRSIG: 'its signature cannot be checked',
  NODATA: 'its signature is none',
  FAILURE: 'gpg could not check its signature',
};

/** What gpg's status lines come to: whose key it is, or what is wrong. Exactly one good signature, and no word against it. */
export function readStatus(text: string, keyring: string): { readonly by: string } | string {
  const lines = text
    .split(/\r?\n/)
    .flatMap((line) => (line.startsWith('[GNUPG:] ') ? [line.slice(9).split(' ')] : []));
  const of = (word: string) => lines.filter(([first]) => first === word);
  const bad = Object.keys(BAD).find(
    (word) => of(word).length > 0 && (word !== 'ERRSIG' || of('NO_PUBKEY').length === 0),
  );
  if (bad !== undefined) {
    const [, key = ''] = of(bad)[0] ?? [];
    const where = bad === 'NO_PUBKEY' ? `: ${keyring} does not hold it` : '';
    return `${BAD[bad] ?? ''}${/^[0-9A-F]{16,}$/.test(key) ? ` (${key})` : ''}${where}`;
  }
  const [good, secondGood] = of('GOODSIG');
  const [valid, secondValid] = of('VALIDSIG');
  if (good === undefined || valid === undefined) return 'gpg does not take its signature';
  if (secondGood !== undefined || secondValid !== undefined || of('NEWSIG').length > 1)
    return 'it has two signatures';
  return { by: `${plainLine(good.slice(2).join(' '))} (${valid.at(-1) ?? ''})` };
}

/** Seconds, with `!` for: from there on the clock stands. */
function clockOf(time: Instant | null): string[] {
  return time === null ? [] : ['--faked-system-time', `${Math.floor(time / 1_000)}!`];
}

function gpg(
  { folder, env }: SignatureCase,
  args: readonly string[],
  options: RunOptions,
): Promise<RunResult> {
  return runGpg({ args: [...DEAF, ...args], cwd: folder, env: { ...env, LC_ALL: 'C' } }, options);
}

/** Whether a gpg is here. Throws `COMMAND_MISSING`. */
export async function requireGpg(
  place: { readonly cwd: string; readonly env: Env },
  options: RunOptions,
): Promise<void> {
  await runGpg({ ...place, args: ['--no-options', '--version'] }, options);
}

async function runGpg(asked: Omit<Command, 'file'>, options: RunOptions): Promise<RunResult> {
  try {
    return await run({ file: 'gpg', ...asked }, options);
  } catch (cause) {
    if (!isGitOpsError(cause, 'COMMAND_MISSING')) throw cause;
    throw new GitOpsError('COMMAND_MISSING', 'no signature of GPG can be checked: gpg is not in PATH', {
      cause,
      hint: 'install GnuPG (gpg)',
    });
  }
}
