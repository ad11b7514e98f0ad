import { dirname, join } from 'node:path';
import type { ParseError } from 'jsonc-parser';
import { GitOpsError, isGitOpsError } from '../domain/errors.js';
import { machineZone } from '../os/clock.js';
import { entryAt } from '../os/file-at.js';
import { hasErrno, readTextIfAny } from '../os/files.js';
import { readOnce } from '../os/read-once.js';
import { requireTrusted } from '../os/trusted.js';
import { readCrons } from './cron.js';
import { parseMachineConfig, type MachineConfig, type Strategy } from './machine.js';

// Editors and shells of Windows begin UTF-8 files with it; JSON.parse refuses it.
const BYTE_ORDER_MARK = /^\ufeff/;

/** Reads and checks `gitops.json`, anew where it has changed. Throws `NOT_A_ROOT` where there is none, `CONFIG_INVALID` with line and column or the key, `STATE_UNSAFE` where another user could have written it. */
export async function loadMachineConfig(path: string): Promise<MachineConfig> {
  const strategy = entryAt(join(dirname(path), '.git')) === null ? 'releases' : 'checkout';
  const config = await load[strategy](path);
  if (config !== null) return config;
  throw new GitOpsError('NOT_A_ROOT', `there is no ${path}`, {
    hint: 'make a root here: pm2-gitops init [REPOSITORY]',
  });
}

const load = {
  releases: readOnce((path) => loadAnew(path, 'releases'), { changes: 'inPlace' }),
  checkout: readOnce((path) => loadAnew(path, 'checkout'), { changes: 'inPlace' }),
};

/** `strategy`: the one of a root that names none. Null where there is no such file. */
async function loadAnew(path: string, strategy: Strategy): Promise<MachineConfig | null> {
  const written = await readTextIfAny(path).catch((error: unknown) => {
    throw unreadable(error, path);
  });
  if (written === null) return null;
  await requireTrusted(path);
  const text = written.replace(BYTE_ORDER_MARK, '');
  const value = await parseJson(text, path);
  const place = { zone: machineZone(), crons: await readCrons(value) };
  const config = parseMachineConfig(value, { origin: path, strategy, ...place });
  if (config.poll.kind === 'cron') await checkCron(config.poll.expression, path);
  return config;
}

/** Sets one key in the text of `gitops.json` and leaves all the rest as people wrote it. */
export async function withKey(text: string, key: string, value: unknown): Promise<string> {
  const { applyEdits, modify } = await import('jsonc-parser');
  const formattingOptions = { insertSpaces: true, tabSize: 2, eol: '\n' };
  return applyEdits(text, modify(text, [key], value, { formattingOptions }));
}

function unreadable(cause: unknown, path: string): unknown {
  if (isGitOpsError(cause))
    return new GitOpsError('CONFIG_INVALID', cause.message, { cause, hint: 'put a plain file in its place' });
  if (hasErrno(cause, 'EISDIR'))
    return new GitOpsError('CONFIG_INVALID', `${path} is a folder`, {
      cause,
      hint: 'put a file in its place',
    });
  if (hasErrno(cause, 'EACCES', 'EPERM'))
    return new GitOpsError('CONFIG_INVALID', `${path} may not be read by this user`, {
      cause,
      hint: 'run pm2-gitops as the user whose root it is',
    });
  return cause;
}

async function parseJson(text: string, path: string): Promise<unknown> {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new GitOpsError('CONFIG_INVALID', `${path}${await locateMistake(text)}`, {
      cause,
      hint: `correct the JSON in ${path}`,
    });
  }
}

async function locateMistake(text: string): Promise<string> {
  const { parse, printParseErrorCode } = await import('jsonc-parser');
  const mistakes: ParseError[] = [];
  parse(text, mistakes, { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false });
  const [first] = mistakes;
  if (first === undefined) return ': is no valid JSON';
  const before = text.slice(0, first.offset).split('\n');
  const column = (before.at(-1) ?? '').length + 1;
  const what = printParseErrorCode(first.error)
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase();
  return `:${before.length}:${column}: ${what} (line ${before.length}, column ${column})`;
}

async function checkCron(expression: string, path: string): Promise<void> {
  const { validateDetailed } = await import('node-cron');
  const { valid, errors } = validateDetailed(expression);
  if (valid) return;
  const reasons = errors.map((error) => error.message).join('; ');
  throw new GitOpsError(
    'CONFIG_INVALID',
    `${path}: poll: "${expression}" is no cron expression: ${reasons}`,
    {
      hint: `correct poll in ${path}, for example "*/5 * * * *" or "5m"`,
    },
  );
}
