import { appendFile, writeFile } from 'node:fs/promises';
import type { TestContext } from 'node:test';
import { makePrivateFolder } from '../../src/os/files.js';
import { openJournal } from '../../src/state/journal.js';
import { layoutOf, type Layout } from '../../src/state/layout.js';
import { runFolder, runLog, writeRun } from '../../src/state/runs.js';
import { NEW, OLD, PHASES, upgradeIn } from '../domain/upgrade-table.js';
import { ownFolder } from '../folder.js';

/** A root in which the named run stages a release, and its log. */
export async function rootAtWork(t: TestContext, id: string): Promise<Layout> {
  const layout = layoutOf(await ownFolder(t));
  await writeFile(layout.config, JSON.stringify({ repository: 'https://h/a.git', strategy: 'releases' }));
  await makePrivateFolder(runFolder(layout, id));
  await (await openJournal(layout.journal)).append(upgradeIn({ ...PHASES.staging, run: id }), 1);
  const run = { id, cause: 'schedule', from: OLD, to: NEW, startedAt: 1, endedAt: null };
  await writeRun(layout, { ...run, outcome: null, problem: null, reason: null, phases: [] });
  await appendFile(runLog(layout, id), '2026-11-24T18:42:07.000Z * fetch v1.1.0\n');
  return layout;
}
