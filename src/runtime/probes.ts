import { GitOpsError, isGitOpsError, messageOf } from '../domain/errors.js';
import { judgeAnswer, type Judgement } from '../domain/expectation.js';
import { isOneOf } from '../domain/process.js';
import { run } from '../os/run.js';
import { shellCommand } from '../os/shell.js';
import { ask } from './http.js';
import { findStranger, isServedBy } from './stranger.js';
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

interface Look {
  readonly all: readonly ListedProcess[];
  readonly limitMs: number;
  readonly rolling: Rolling;
}

async function askUrl(url: URL, look: Look): Promise<string | null> {
  const { plan, tools, signal } = look.rolling;
  const mayBeOld = await countOld(url, look);
  let judgement: Judgement;
  let left = mayBeOld;
  // While old ones serve, an answer may be theirs: a cluster gives each of its workers a turn.
  do judgement = await judgeUrl(url, look);
  while (judgement.kind === 'other' && (left -= 1) >= 0);
  if (judgement.kind === 'refused' || (judgement.kind === 'other' && mayBeOld === 0))
    return `${url.href} ${judgement.what}`;
  if (!isVisible(url, look.rolling)) return null;
  if (signal.aborted) throw cancelled(signal);
  return findStranger(portOf(url), { processes: plan.targets(look.all), home: tools.home });
}

/** How many processes of the former release might answer at this address, as far as we can tell. */
async function countOld(url: URL, { all, rolling }: Look): Promise<number> {
  const { targets, old } = rolling.plan;
  const living = targets(all).filter(({ pid }) => pid !== null);
  const changed = living.filter((process) => !isOneOf(process, old));
  const isNew = isVisible(url, rolling) && (await isServedBy(portOf(url), changed));
  return isNew ? 0 : living.length - changed.length;
}

async function judgeUrl(url: URL, { limitMs, rolling: { plan, signal } }: Look): Promise<Judgement> {
  const { expect } = plan.health;
  try {
    const answer = await ask(url, { limitMs, signal, wantsBody: expect.body !== null });
    return judgeAnswer(answer, expect, plan.release);
  } catch (error) {
    if (signal.aborted) throw cancelled(signal);
    return { kind: 'refused', what: `does not answer: ${messageOf(error)}` };
  }
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

/** Whether the system tells who listens there. */
function isVisible({ hostname }: URL, { tools }: Rolling): boolean {
  if (tools.platform !== 'linux') return false;
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}

function cancelled(signal: AbortSignal): GitOpsError {
  return new GitOpsError('ABORTED', 'proving was cancelled', { cause: signal.reason });
}
