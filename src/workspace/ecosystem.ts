import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { GitOpsError, isGitOpsError } from '../domain/errors.js';
import { run } from '../os/run.js';
import { ECOSYSTEM_SCRIPT } from './ecosystem-script.js';
import { quiet, type Effort } from './effort.js';

// What pm2 itself takes for a configuration, the usual name first.
const NAMES = [
  'ecosystem.config.cjs',
  'ecosystem.config.js',
  'ecosystem.config.mjs',
  'ecosystem.json',
  'pm2.config.cjs',
  'pm2.config.js',
  'pm2.config.mjs',
  'pm2.json',
  'process.json',
];

const app = v.record(v.string(), v.unknown());
const asList = v.transform((value: unknown): readonly unknown[] => (isList(value) ? value : [value]));
const appList = v.pipe(v.unknown(), asList, v.array(app));
// pm2 takes the list under `apps` or `pm2`, or a bare list, or one bare app.
const whole = v.union([
  v.pipe(
    v.object({ apps: appList, gitops: v.optional(v.unknown()) }),
    v.transform(({ apps, gitops }) => ({ apps, gitops })),
  ),
  v.pipe(
    v.object({ pm2: appList, gitops: v.optional(v.unknown()) }),
    v.transform(({ pm2, gitops }) => ({ apps: pm2, gitops })),
  ),
  v.pipe(
    v.array(app),
    v.transform((apps) => ({ apps, gitops: undefined })),
  ),
  v.pipe(
    v.looseObject({ script: v.string() }),
    v.transform((one) => ({ apps: [{ ...one }], gitops: one['gitops'] })),
  ),
  v.pipe(
    v.object({ gitops: v.unknown() }),
    v.transform(({ gitops }) => ({ apps: [], gitops })),
  ),
]);

const answer = v.variant('is', [
  v.object({ is: v.literal('value'), value: v.unknown() }),
  v.object({ is: v.literal('error'), message: v.string(), line: v.nullable(v.number()) }),
]);

/** What a release's ecosystem file says. */
export interface Ecosystem {
  readonly apps: readonly Readonly<Record<string, unknown>>[];
  /** The `gitops` key, not yet parsed; undefined if the file has none. */
  readonly gitops: unknown;
  /** The file's name in the tree. */
  readonly file: string;
}

/**
 * Evaluates the tree's ecosystem file in a process of its own, with `effort.env` as its whole environment and the tree as its folder.
 * Null: there is none. Throws `RELEASE_INVALID` with the file's own message and line when it cannot be evaluated.
 */
export async function readEcosystem(tree: string, effort: Effort): Promise<Ecosystem | null> {
  const present = new Set(await readdir(tree));
  const file = NAMES.find((name) => present.has(name));
  if (file === undefined) return null;
  const parsed = v.safeParse(whole, await evaluate(tree, file, effort));
  if (!parsed.success) throw invalid(file, 'it exports no apps', 'export { apps: […] }, as pm2 has it');
  return { ...parsed.output, file };
}

async function evaluate(tree: string, file: string, effort: Effort): Promise<unknown> {
  // The file may print whatever it likes; only what follows this word is ours.
  const marker = randomBytes(16).toString('hex');
  const args = ['--input-type=commonjs', '-e', ECOSYSTEM_SCRIPT, '--', join(tree, file), marker];
  const result = await run({ file: process.execPath, args, cwd: tree, env: effort.env }, quiet(effort)).catch(
    (error: unknown) => {
      if (!isGitOpsError(error, 'COMMAND_TIMEOUT')) throw error;
      throw invalid(file, 'its evaluation did not end', 'it must not wait for anything');
    },
  );
  const [, text] = result.stdout.split(marker);
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), answer), text);
  if (!parsed.success)
    throw invalid(file, `it ended the process (exit code ${String(result.code)})`, 'it must only export');
  if (parsed.output.is === 'value') return parsed.output.value;
  const { message, line } = parsed.output;
  throw invalid(line === null ? file : `${file}:${line}`, message, 'correct it and tag again');
}

function invalid(place: string, why: string, hint: string): GitOpsError {
  return new GitOpsError('RELEASE_INVALID', `${place} of the release cannot be evaluated: ${why}`, { hint });
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
