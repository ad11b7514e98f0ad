import { existsSync } from 'node:fs';
import { GitOpsError } from '../domain/errors.js';
import type { Env } from './env.js';
import { endTree } from './platform.js';

/** A program call as data: an argument list, its whole environment, no shell, no standard input unless given. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Env;
  readonly input?: string;
}

/** How long a command may take, and who watches it. */
export interface RunOptions {
  readonly signal: AbortSignal;
  /** Wall-clock limit in milliseconds; the whole process tree is ended at it. */
  readonly limitMs: number;
  /** Called with each line of output as it comes, without its line end. */
  readonly onLine?: ((line: string) => void) | undefined;
  /** Told which process group lives, so that a later worker can end it if this process dies first. */
  readonly children?: ChildLedger | undefined;
}

/** Remembers living process groups beyond the death of this process. */
export interface ChildLedger {
  add(pid: number): void;
  remove(pid: number): void;
}

/** What a finished command left: its exit code (null if a signal ended it) and the last 8 MiB of each output. */
export interface RunResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const MAX_OUTPUT_CHARS = 8 * 1024 * 1024;

/**
 * Runs a command to its end and resolves whatever its exit code is.
 * Throws `COMMAND_MISSING`, `COMMAND_TIMEOUT` or `ABORTED`; in the last two the whole process tree has been ended.
 */
export async function run(command: Command, options: RunOptions): Promise<RunResult> {
  if (options.signal.aborted) throw aborted(command, options.signal);
  const { execa } = await import('execa'); // here, not above: 15 MB that a poller need not carry
  const child = execa(command.file, [...command.args], {
    cwd: command.cwd,
    env: command.env,
    extendEnv: false,
    reject: false,
    buffer: false,
    cleanup: false,
    windowsHide: true,
    // A group of its own, so that the whole tree can be ended at once. Windows ends trees by parent id instead.
    detached: process.platform !== 'win32',
    ...(command.input === undefined ? { stdin: 'ignore' } : { input: command.input }),
  });
  const { pid } = child;
  const end = async (leader: number): Promise<void> => {
    await endTree(leader);
    // Whoever escaped from the group may keep the pipes open for ever.
    child.stdout.destroy();
    child.stderr.destroy();
  };
  const stop = pid === undefined ? null : endOnLimit(() => end(pid), options);
  if (pid !== undefined) options.children?.add(pid);
  const stdout = capture(child.stdout, options.onLine);
  const stderr = capture(child.stderr, options.onLine);
  const result = await child;
  const cut = await stop?.finish();
  if (pid !== undefined) options.children?.remove(pid);
  if (cut === 'limit') throw timedOut(command, options.limitMs);
  if (cut === 'signal') throw aborted(command, options.signal);
  if (result.exitCode === undefined && result.signal === undefined) throw notStarted(command, result.cause);
  return { code: result.exitCode ?? null, stdout: stdout(), stderr: stderr() };
}

/** Begins to load what `run` needs, for a process that is going to need it in a moment. */
export function prepareToRun(): void {
  void import('execa');
}

/** The user's own shell command, the only thing that a shell may read. */
export function shellCommand(text: string, cwd: string, env: Env): Command {
  return process.platform === 'win32'
    ? { file: env['ComSpec'] ?? 'cmd.exe', args: ['/d', '/s', '/c', text], cwd, env }
    : { file: '/bin/sh', args: ['-c', text], cwd, env };
}

/** `git fetch …`: a command as people would type it, for logs and messages. */
export function describeCommand(command: Command): string {
  return [command.file, ...command.args].join(' ');
}

function endOnLimit(
  end: () => Promise<void>,
  { limitMs, signal }: RunOptions,
): { finish(): Promise<'limit' | 'signal' | null> } {
  let cut: 'limit' | 'signal' | null = null;
  let ending: Promise<void> = Promise.resolve();
  const cutOff = (reason: 'limit' | 'signal') => (): void => {
    if (cut !== null) return;
    cut = reason;
    ending = end();
  };
  const timer = setTimeout(cutOff('limit'), limitMs);
  const onAbort = cutOff('signal');
  signal.addEventListener('abort', onAbort, { once: true });
  return {
    async finish() {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      await ending;
      return cut;
    },
  };
}

/** Collects a stream's text (its tail, if it is long) and hands out its lines. */
function capture(stream: NodeJS.ReadableStream | null, onLine: RunOptions['onLine']): () => string {
  let text = '';
  let rest = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (chunk: string) => {
    text = (text + chunk).slice(-MAX_OUTPUT_CHARS);
    if (onLine === undefined) return;
    // A return at the end waits: the next chunk may begin with its newline.
    const lines = (rest + chunk).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    lines.forEach(onLine);
  });
  stream?.on('end', () => {
    if (rest !== '') onLine?.(rest.replace(/\r$/, ''));
  });
  return () => text;
}

function timedOut(command: Command, limitMs: number): GitOpsError {
  return new GitOpsError(
    'COMMAND_TIMEOUT',
    `${command.file} did not end within ${Math.round(limitMs / 1000)} s and was ended`,
  );
}

function aborted(command: Command, signal: AbortSignal): GitOpsError {
  return new GitOpsError('ABORTED', `${command.file} was ended: the run was cancelled`, {
    cause: signal.reason,
  });
}

function notStarted(command: Command, cause: unknown): GitOpsError {
  return existsSync(command.cwd)
    ? new GitOpsError('COMMAND_MISSING', `cannot start ${command.file}: it is not in PATH`, {
        cause,
        hint: `install ${command.file}`,
      })
    : new GitOpsError('COMMAND_MISSING', `cannot start ${command.file}: its folder ${command.cwd} is gone`, {
        cause,
      });
}
