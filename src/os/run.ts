import { GitOpsError } from '../domain/errors.js';
import type { Env } from './env.js';
import { translateDiskError } from './files.js';
import { endTree } from './platform.js';
import { startFailure } from './start-failure.js';
import { GO, letGo, waitingCommand } from './waiting.js';

/** A program call as data: an argument list, its whole environment, no shell, no standard input unless given. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Env;
  readonly input?: string | Uint8Array;
  /** What people know it by, where the file is only a way to it. */
  readonly name?: string;
  /** Windows: the arguments reach the program as they are written, without quotes of ours around them. */
  readonly verbatim?: boolean;
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
  /** `latin1`: the output is bytes, one in each character. */
  readonly encoding?: 'utf8' | 'latin1' | undefined;
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
const MAX_LINE_CHARS = 64 * 1024;

/**
 * Runs a command to its end and resolves whatever its exit code is.
 * Throws `COMMAND_MISSING` or `SYSTEM_FAILED` if it does not start; `COMMAND_TIMEOUT`, `ABORTED`, or `DISK_FULL` if no ledger can
 * remember it: then the whole process tree has been ended.
 */
export async function run(command: Command, options: RunOptions): Promise<RunResult> {
  refuseAborted(command, options.signal);
  const { execa } = await import('execa'); // here, not above: 15 MB that a poller need not carry
  refuseAborted(command, options.signal);
  const started = options.children === undefined ? command : waitingCommand(command);
  const child = execa(started.file, [...started.args], settingsOf(command, started !== command));
  const { pid } = child;
  const end = async (leader: number): Promise<void> => {
    await endTree(leader, markOf(command));
    // Whoever escaped from the group may keep the pipes open for ever.
    child.stdout.destroy();
    child.stderr.destroy();
  };
  const stop = pid === undefined ? null : endOnLimit(() => end(pid), options);
  const refusal = pid === undefined ? null : remember(pid, options.children);
  if (refusal !== null) stop?.now();
  else letGo(child.stdio[GO]);
  const stdout = capture(child.stdout, options);
  const stderr = capture(child.stderr, options);
  const result = await child;
  const cut = await stop?.finish();
  if (refusal !== null) throw refusal.error;
  if (pid !== undefined) options.children?.remove(pid);
  if (cut === 'limit') throw timedOut(command, options.limitMs);
  if (cut === 'signal') throw aborted(command, options.signal);
  if (result.exitCode === undefined && result.signal === undefined) throw startFailure(command, result.cause);
  return { code: result.exitCode ?? null, stdout: stdout(), stderr: stderr() };
}

/** The variable that names the run in the environment of each of its commands: by it those are found that escaped from their group. */
export const RUN_MARK = 'GITOPS_RUN_ID';

function markOf({ env }: Command): string | null {
  const run = env[RUN_MARK] ?? '';
  return run === '' ? null : `${RUN_MARK}=${run}`;
}

function settingsOf({ cwd, env, input, verbatim = false }: Command, waits: boolean) {
  return {
    ...{ cwd, env, extendEnv: false, reject: false, buffer: false, cleanup: false, windowsHide: true },
    // A group of its own, so that the whole tree can be ended at once. Windows ends trees by parent id instead.
    detached: process.platform !== 'win32',
    windowsVerbatimArguments: verbatim,
    ...(input === undefined ? {} : { input }),
    stdio: [
      input === undefined ? 'ignore' : 'pipe',
      ...(['pipe', 'pipe'] as const),
      ...(waits ? (['pipe'] as const) : []),
    ],
  } as const;
}

/** Begins to load what `run` needs, for a process that is going to need it in a moment. */
export function prepareToRun(): void {
  void import('execa');
}

/** What people know a command by. */
export function nameOf({ file, name = file }: Command): string {
  return name;
}

/** `git fetch …`: a command as people would type it, for logs and messages. */
export function describeCommand(command: Command): string {
  return [command.file, ...command.args].join(' ');
}

/** Whom no later worker could find must not live. Gives back why it cannot be remembered, or null. */
function remember(pid: number, children: ChildLedger | undefined): { readonly error: unknown } | null {
  try {
    children?.add(pid);
    return null;
  } catch (error) {
    return { error: translateDiskError(error, 'the list of running commands') };
  }
}

type Cut = 'limit' | 'signal' | 'refusal';

function endOnLimit(
  end: () => Promise<void>,
  { limitMs, signal }: RunOptions,
): { now(): void; finish(): Promise<Cut | null> } {
  let cut: Cut | null = null;
  let ending: Promise<void> = Promise.resolve();
  const cutOff = (reason: Cut) => (): void => {
    if (cut !== null) return;
    cut = reason;
    ending = end();
  };
  const timer = setTimeout(cutOff('limit'), limitMs);
  const onAbort = cutOff('signal');
  signal.addEventListener('abort', onAbort, { once: true });
  return {
    now: cutOff('refusal'),
    async finish() {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      await ending;
      return cut;
    },
  };
}

/** Collects a stream's text (its tail, if it is long) and hands out its lines. */
function capture(
  stream: NodeJS.ReadableStream | null,
  { onLine, encoding = 'utf8' }: Pick<RunOptions, 'onLine' | 'encoding'>,
): () => string {
  let text = '';
  let rest = '';
  stream?.setEncoding(encoding);
  stream?.on('data', (chunk: string) => {
    text = (text + chunk).slice(-MAX_OUTPUT_CHARS);
    if (onLine === undefined) return;
    // A return at the end waits: the next chunk may begin with its newline.
    const lines = (rest + chunk).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    lines.forEach(onLine);
    if (rest.length <= MAX_LINE_CHARS) return;
    onLine(rest);
    rest = '';
  });
  stream?.on('end', () => {
    if (rest !== '') onLine?.(rest.replace(/\r$/, ''));
  });
  return () => text;
}

function timedOut(command: Command, limitMs: number): GitOpsError {
  return new GitOpsError(
    'COMMAND_TIMEOUT',
    `${nameOf(command)} did not end within ${Math.round(limitMs / 1000)} s and was ended`,
  );
}

function refuseAborted(command: Command, signal: AbortSignal): void {
  if (signal.aborted) throw aborted(command, signal);
}

function aborted(command: Command, signal: AbortSignal): GitOpsError {
  return new GitOpsError('ABORTED', `${nameOf(command)} was ended: the run was cancelled`, {
    cause: signal.reason,
  });
}
