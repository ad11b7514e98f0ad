import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { GitOpsError } from '../domain/errors.js';
import { endTree } from './platform.js';
import { nameOf, type Command } from './run.js';
import { startFailure } from './start-failure.js';

/** What a program answered. */
export interface Answer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How long and how much a program may answer. */
export interface QueryLimits {
  readonly signal: AbortSignal;
  readonly limitMs: number;
  readonly maxBytes: number;
  /** Whether the process may end while the answer is awaited: a poller in a host never keeps it alive. */
  readonly background: boolean;
}

// ssh may leave a connection open for the next call (ControlPersist) that holds the output for as long: the answer is whole when the program ends.
const PIPE_GRACE_MS = 1_000;

/**
 * Asks a program a short question, for the poller: no library.
 * Throws `COMMAND_MISSING`, `SYSTEM_FAILED`, `COMMAND_TIMEOUT` (also past `maxBytes`) or `ABORTED`; the process tree has then been ended.
 */
export async function query(command: Command, limits: QueryLimits): Promise<Answer> {
  if (limits.signal.aborted) throw new GitOpsError('ABORTED', `${nameOf(command)} was not asked: cancelled`);
  const child = start(command);
  if (limits.background) letGo(child);
  const limit = new AbortController();
  const stdout = collect(child.stdout, limits.maxBytes, limit);
  const stderr = collect(child.stderr, limits.maxBytes, limit);
  const timer = setTimeout(() => {
    limit.abort(`gave no answer within ${Math.round(limits.limitMs / 1000)} s`);
  }, limits.limitMs).unref();
  try {
    const code = await ended(child, AbortSignal.any([limit.signal, limits.signal]));
    return { code, stdout: stdout(), stderr: stderr() };
  } catch (cause) {
    throw explain(command, cause, { ours: limit.signal, theirs: limits.signal });
  } finally {
    clearTimeout(timer);
  }
}

function start(command: Command): ChildProcessByStdio<null, Readable, Readable> {
  try {
    return spawn(command.file, command.args, {
      cwd: command.cwd,
      env: command.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
  } catch (cause) {
    throw startFailure(command, cause); // most failures come as an event later, some (ENOMEM, E2BIG) at once
  }
}

/** Resolves the exit code; rejects when the program does not start, or once it has been ended because of the signal. */
function ended(child: ChildProcess, signal: AbortSignal): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
    child.once('exit', (code) => {
      setTimeout(() => {
        for (const stream of [child.stdout, child.stderr]) stream?.destroy();
        resolve(code);
      }, PIPE_GRACE_MS).unref();
    });
    signal.addEventListener('abort', () => {
      child.removeListener('close', resolve);
      void (child.pid === undefined ? Promise.resolve() : endTree(child.pid)).then(() => {
        reject(new Error('ended'));
      });
    });
  });
}

function letGo(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stdout, child.stderr]) if (stream instanceof Socket) stream.unref();
}

function collect(stream: NodeJS.ReadableStream, maxBytes: number, limit: AbortController): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes) limit.abort(`answered more than ${maxBytes} bytes`);
    else chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

function explain(
  command: Command,
  cause: unknown,
  { ours, theirs }: { ours: AbortSignal; theirs: AbortSignal },
): GitOpsError {
  if (ours.aborted)
    return new GitOpsError('COMMAND_TIMEOUT', `${nameOf(command)} ${String(ours.reason)}`, { cause });
  if (theirs.aborted) return new GitOpsError('ABORTED', `${nameOf(command)} was ended: cancelled`, { cause });
  return startFailure(command, cause);
}
