import type { Notice } from '../../domain/notice.js';
import type { Reception } from '../../domain/outbox.js';
import type { Env } from '../../os/env.js';
import { run } from '../../os/run.js';
import { shellCommand } from '../../os/shell.js';
import { noticeJson } from './notice-json.js';

const LIMIT_MS = 30_000;

/** A shell command of the machine's own file, and where it runs. */
export interface CommandSink {
  readonly command: string;
  readonly cwd: string;
  readonly env: Env;
}

/**
 * Runs a command with the notice on its standard input as one line of JSON, and the most of it in its environment; nothing of it becomes a part of the command.
 * What does not end with 0 is tried again. Throws `COMMAND_TIMEOUT`, `COMMAND_MISSING`, `ABORTED`.
 */
export async function tellCommand(
  { command, cwd, env }: CommandSink,
  notice: Notice,
  signal: AbortSignal,
): Promise<Reception> {
  const call = shellCommand(command, cwd, { ...env, ...variablesOf(notice) });
  const input = `${JSON.stringify(noticeJson(notice))}\n`;
  const { code, stderr } = await run({ ...call, input, name: 'the command' }, { signal, limitMs: LIMIT_MS });
  if (code === 0) return { kind: 'taken' };
  const said = stderr.trim().split('\n').at(-1) ?? '';
  const ended = code === null ? 'was ended by a signal' : `ended with ${code}`;
  return { kind: 'later', why: said === '' ? ended : `${ended}: ${said}`, retryAfterMs: null };
}

function variablesOf({ event, level, root, machine, from, to, cause }: Notice): Env {
  return {
    ...{ GITOPS_EVENT: event, GITOPS_LEVEL: level, GITOPS_ROOT: root, GITOPS_MACHINE: machine.name },
    ...{ GITOPS_TAG: to?.tag ?? '', GITOPS_COMMIT: to?.commit ?? '' },
    ...{ GITOPS_PREVIOUS_TAG: from?.tag ?? '', GITOPS_CAUSE: cause ?? '' },
  };
}
