import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';
import { GitOpsError, isGitOpsError, messageOf } from '../domain/errors.js';
import { run, shellCommand } from '../os/run.js';
import { findStranger } from './stranger.js';
import type { ListedProcess } from './processes.js';
import type { Rolling } from './rolling.js';

const ATTEMPT_LIMIT_MS = 5_000;
const MIN_LIMIT_MS = 100;

/** Asks the probes of the plan once, for at most `limitMs`: what they complain about, or null. */
export async function probe(
  all: readonly ListedProcess[],
  limitMs: number,
  rolling: Rolling,
): Promise<string | null> {
  const { url, command } = rolling.plan.health;
  const urlLimitMs = Math.max(MIN_LIMIT_MS, Math.min(limitMs, ATTEMPT_LIMIT_MS));
  const complaint = url === null ? null : await askUrl(new URL(url), { all, limitMs: urlLimitMs, rolling });
  if (complaint !== null || command === null) return complaint;
  return askCommand(command, Math.max(MIN_LIMIT_MS, limitMs), rolling);
}

interface Question {
  readonly all: readonly ListedProcess[];
  readonly limitMs: number;
  readonly rolling: Rolling;
}

async function askUrl(url: URL, { all, limitMs, rolling }: Question): Promise<string | null> {
  try {
    const status = await statusOf(url, limitMs, rolling.signal);
    if (status < 200 || status >= 400) return `${url.href} answers ${status}`;
  } catch (error) {
    if (rolling.signal.aborted) throw cancelled(rolling.signal);
    return `${url.href} does not answer: ${messageOf(error)}`;
  }
  if (rolling.tools.platform !== 'linux' || !isLoopback(url)) return null;
  const processes = rolling.plan.targets(all);
  return findStranger(portOf(url), { processes, home: rolling.tools.home });
}

/** A connection of its own for each question: one that was kept open would still lead to the old process. */
function statusOf(url: URL, limitMs: number, signal: AbortSignal): Promise<number> {
  const get = url.protocol === 'https:' ? getHttps : getHttp;
  const limit = AbortSignal.timeout(limitMs);
  const ends = AbortSignal.any([signal, limit]);
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, signal: ends }, (response) => {
      response.destroy();
      resolve(response.statusCode ?? 0);
    });
    request.on('error', (error) => {
      reject(limit.aborted ? new Error(`nothing within ${limitMs / 1000} s`) : error);
    });
  });
}

async function askCommand(
  command: string,
  limitMs: number,
  { plan, tools, signal }: Rolling,
): Promise<string | null> {
  const onLine = (line: string): void => {
    tools.report.output(line);
  };
  try {
    const { code } = await run(shellCommand(command, plan.cwd, plan.env), {
      signal,
      limitMs,
      onLine,
      children: tools.children,
    });
    return code === 0 ? null : `the health command ended with ${code ?? 'a signal'}: ${command}`;
  } catch (error) {
    if (!isGitOpsError(error, 'COMMAND_TIMEOUT')) throw error;
    return `the health command did not end in time: ${command}`;
  }
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}

function cancelled(signal: AbortSignal): GitOpsError {
  return new GitOpsError('ABORTED', 'proving was cancelled', { cause: signal.reason });
}
