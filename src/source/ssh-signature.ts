import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GitOpsError, isGitOpsError } from '../domain/errors.js';
import { plainLine } from '../domain/plain.js';
import type { Instant } from '../domain/release.js';
import { unverified, type Signature } from '../domain/signed-object.js';
import { run, type Command, type RunOptions, type RunResult } from '../os/run.js';
import type { Env } from '../os/env.js';

/** A signature, what it is over, and where it may be judged: a folder of its own that holds what it is judged by. */
export interface SignatureCase {
  readonly signature: Signature;
  readonly payload: string;
  readonly folder: string;
  readonly env: Env;
  /** The moments at which a key must be good; null: now. */
  readonly times: readonly (Instant | null)[];
}

/** Names of files in the folder, and what people know them by. */
export interface SshJudges {
  readonly signers: string;
  readonly revoked: string | null;
  readonly nameOf: (file: string) => string;
}

// What git signs is signed for this namespace (ssh-keygen(1), -n).
const GIT = ['-n', 'git'];
const SIGNATURE = 'signature';

/**
 * Judges an SSH signature by `ssh-keygen -Y`, and tells whose it is. Throws `UNVERIFIED`; `COMMAND_MISSING` where there is no ssh-keygen, or one
 * that is too old; what `run` throws.
 */
export async function judgeSsh(
  known: SignatureCase,
  judges: SshJudges,
  options: RunOptions,
): Promise<string> {
  const { folder, signature, times } = known;
  await writeFile(join(folder, SIGNATURE), signature.armored, { encoding: 'latin1', mode: 0o600 });
  const ask = (...args: string[]): Promise<RunResult> => keygen(known, args, options);
  const fits = await ask('check-novalidate', ...GIT, '-s', SIGNATURE);
  if (fits.code !== 0)
    throw unverified(`its signature is not over what it says: ${wordsOf(fits.stderr, '')}`);
  const key = /with (\S+ key \S+)/.exec(fits.stdout)?.[1] ?? 'a key';
  let by = '';
  for (const time of times) by = await whose({ known, judges, key, at: clockOf(time) }, ask);
  return `${by} (${key})`;
}

interface Question {
  readonly known: SignatureCase;
  readonly judges: SshJudges;
  readonly key: string;
  readonly at: readonly string[];
}

type Ask = (...args: string[]) => Promise<RunResult>;

/** Whose key it is at a moment. */
async function whose({ judges, key, at }: Question, ask: Ask): Promise<string> {
  const { signers, revoked, nameOf } = judges;
  const found = await ask('find-principals', ...at, '-s', SIGNATURE, '-f', signers);
  const principals = found.stdout
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const why = wordsOf(found.stderr, signers).replace(signers, nameOf(signers));
  if (found.code !== 0 || principals.length === 0)
    throw unverified(
      `it is signed by ${key}, which ${nameOf(signers)} does not name${why === '' ? '' : `: ${why}`}`,
    );
  for (const principal of principals) {
    const judge = ['verify', ...GIT, ...at, '-s', SIGNATURE, '-f', signers, '-I', principal];
    if ((await ask(...judge)).code !== 0) continue;
    if (revoked === null || (await ask(...judge, '-r', revoked)).code === 0) return principal;
    throw unverified(`it is signed by ${key}, which ${nameOf(revoked)} revokes`);
  }
  throw unverified(`it is signed by ${key}, which ${nameOf(signers)} does not let sign for git`);
}

/** ssh-keygen(1), verify-time: by its own clock unless it is told a moment, which it takes in the zone of TZ. */
function clockOf(time: Instant | null): string[] {
  if (time === null) return [];
  return [`-Overify-time=${new Date(time).toISOString().replace(/\D/g, '').slice(0, 14)}`];
}

function keygen(
  { folder, env, payload }: SignatureCase,
  args: readonly string[],
  options: RunOptions,
): Promise<RunResult> {
  return runKeygen(
    {
      args: ['-Y', ...args],
      cwd: folder,
      env: { ...env, TZ: 'UTC0' },
      input: Buffer.from(payload, 'latin1'),
    },
    options,
  );
}

/** Whether an ssh-keygen is here that can judge signatures. Throws `COMMAND_MISSING`. */
export async function requireSshKeygen(
  { cwd, env }: { readonly cwd: string; readonly env: Env },
  options: RunOptions,
): Promise<void> {
  // It cannot read either file; an old one does not know the question.
  await runKeygen({ args: ['-Y', 'find-principals', '-s', 'none', '-f', 'none'], cwd, env }, options);
}

async function runKeygen(asked: Omit<Command, 'file'>, options: RunOptions): Promise<RunResult> {
  const hint = 'install the client of OpenSSH, 8.2 or newer';
  try {
    const result = await run({ file: 'ssh-keygen', ...asked }, options);
    if (!/(?:unknown|illegal|invalid) option/i.test(result.stderr)) return result;
  } catch (cause) {
    if (!isGitOpsError(cause, 'COMMAND_MISSING')) throw cause;
    const what = 'no signature of SSH can be checked: ssh-keygen is not in PATH';
    throw new GitOpsError('COMMAND_MISSING', what, { cause, hint });
  }
  throw new GitOpsError('COMMAND_MISSING', 'no signature of SSH can be checked: this ssh-keygen is too old', {
    hint,
  });
}

/** What ssh-keygen says of a line of the file, or last. */
function wordsOf(stderr: string, file: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const named = file === '' ? lines.at(-1) : lines.find((line) => line.startsWith(`${file}:`));
  return plainLine(named ?? '');
}
