import { rm } from 'node:fs/promises';
import type { LogLine } from '../observe/log.js';
import { holderOf } from '../state/lock.js';
import { readRecord } from '../state/records.js';
import { readRun, runLog } from '../state/runs.js';
import { answerFile, answerPath, toAnswer, type Answer } from './answer.js';
import { knownUpgrade } from './known-upgrade.js';
import { LogTail } from './log-tail.js';
import { diskOf, refusalOf } from './room.js';
import type { Root } from './root.js';

const LOOK_MS = 100;
const SILENCE_MS = 5_000;
// Until it has the lock a worker only loads itself: seconds on a busy machine, or where each file is scanned for viruses.
const START_MS = 20_000;
// There nobody is going to answer, and no worker stays.
const READ_ONLY_MS = 1_000;

/**
 * Follows a worker that was just launched: hands out the lines of its run's log as they come and resolves with its answer.
 * If the worker dies without one, the answer says so. Rejects with the signal's reason; the worker goes on all the same.
 */
export async function followWorker(
  root: Root,
  order: string,
  { onLine, signal }: { onLine: (line: LogLine) => void; signal: AbortSignal },
): Promise<Answer> {
  const { layout, host } = root;
  const path = answerPath(layout, order);
  const log = new LogTail(onLine);
  let lastSign = host.clock.monotonicMs();
  let limitMs = START_MS;
  for (;;) {
    const answer = await readRecord(path, answerFile);
    const holder = await holderOf(layout.upgradeLock);
    if (holder !== null) [lastSign, limitMs] = [host.clock.monotonicMs(), SILENCE_MS];
    // Somebody else's worker has a log too, but it is not ours to tell.
    if (answer !== null || holder?.run === order)
      await log.read(runLog(layout, answer?.run ?? (await runUnderWay(root, order))));
    if (answer !== null) {
      await rm(path, { force: true });
      return answer;
    }
    const silentMs = host.clock.monotonicMs() - lastSign;
    if (silentMs > limitMs || (silentMs > READ_ONLY_MS && diskOf(root).at === 'readonly'))
      return silence(root, order);
    await host.clock.sleep(LOOK_MS, signal);
  }
}

/** A worker that the disk keeps from answering is not dead, and how its run ended may be on record. */
async function silence(root: Root, order: string): Promise<Answer> {
  const { phase } = await knownUpgrade(root);
  const rested = { kind: 'rested', phase: phase.at, decision: null } as const;
  const run = await readRun(root.layout, order);
  // The record comes before the journal: a run that the journal has in its hands is done and told again.
  const isOver = phase.at === 'idle' || phase.at === 'staged' || phase.at === 'stuck' || phase.run !== order;
  if (isOver && run?.outcome != null) return toAnswer({ ...rested, run, error: null });
  const refusal = refusalOf(diskOf(root));
  return refusal === null ? DIED : toAnswer({ ...rested, run: null, error: refusal });
}

const DIED: Answer = {
  kind: 'crashed',
  run: null,
  outcome: null,
  code: null,
  problem: 'the worker ended without a word',
  hint: 'nothing is lost: the next poll or apply takes it up where it stands',
};

async function runUnderWay(root: Root, order: string): Promise<string> {
  const { phase } = await knownUpgrade(root);
  return phase.at === 'idle' ? order : phase.run;
}
