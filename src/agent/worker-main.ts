import { isGitOpsError, messageOf } from '../domain/errors.js';
import { startOf } from '../domain/run.js';
import { makePrivateFolder } from '../os/files.js';
import { writeRecord } from '../state/records.js';
import { withReserve } from '../state/reserve.js';
import { answerPath, answersFolder, toAnswer, type Answer } from './answer.js';
import { openRoot } from './compose.js';
import { prepareToRun } from '../os/run.js';
import { launchCourier } from './call-courier.js';
import { parseWorkOrder, type WorkOrder } from './launch.js';
import type { Root } from './root.js';
import { tellEnd } from './tell-deployment.js';
import { tellFile } from './tell-programs.js';
import { work } from './worker.js';
import { openWorkplace, type Workplace } from './workplace.js';

prepareToRun();

/** The worker's process: one visit, told to whoever waits for it. Gives back its workplace if it had the root. */
async function main(): Promise<Workplace | null> {
  const order = parseWorkOrder(process.argv[2] ?? '');
  const root = await openRoot(order.root);
  const place = openWorkplace(root, order, new AbortController().signal);
  try {
    const visit = await work(place);
    await answer(root, order, toAnswer(visit));
    if (visit.kind === 'busy') return null;
    await tellPrograms(place);
    return place;
  } catch (error) {
    place.report.step(
      `the worker ended: ${isGitOpsError(error) ? error.message : String(error instanceof Error ? error.stack : error)}`,
    );
    await answer(root, order, {
      kind: 'crashed',
      run: place.report.run,
      code: isGitOpsError(error) ? error.code : null,
      problem: messageOf(error),
      hint: null,
      outcome: null,
    });
    process.exitCode = 1;
    return null;
  }
}

/** That it cannot be told is no failure of the run. */
async function tellPrograms({ root, report, signal }: Workplace): Promise<void> {
  await tellFile(root, signal).catch((error: unknown) => {
    report.step(`warning: ${messageOf(error)}`);
  });
}

async function answer({ layout }: Root, order: WorkOrder, told: Answer): Promise<void> {
  if (!order.answer) return;
  try {
    await withReserve(layout.reserve, async () => {
      await makePrivateFolder(answersFolder(layout));
      await writeRecord(answerPath(layout, order.run), told);
    });
  } catch (error) {
    // Who waits looks at the disk, too.
    if (!isGitOpsError(error, 'DISK_FULL', 'DISK_READONLY')) throw error;
  }
}

// Nobody waits any more, and the next worker may begin.
const done = await main();
if (done !== null) {
  const { root, order } = done;
  await launchCourier(root, { since: startOf(order.run) ?? root.host.clock.now(), beats: false });
  await tellEnd(done);
}
