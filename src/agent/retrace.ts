import { join } from 'node:path';
import { rebuild } from '../domain/rebuild.js';
import type { Release } from '../domain/release.js';
import type { Run } from '../domain/run.js';
import type { Upgrade } from '../domain/upgrade.js';
import { listRuns } from '../state/runs.js';
import { readLive } from '../workspace/kept-record.js';
import { readMark } from '../workspace/mark.js';
import { pointedAt } from '../workspace/switch-releases.js';
import { newRunId } from './run-id.js';
import type { Root } from './root.js';

// As many as are kept.
const RUNS = 50;

/** What a root's upgrade is by its traces, where its journal tells nothing: the runs on record, and what lies there. */
export async function retrace(root: Root): Promise<Upgrade> {
  const { layout, config, host } = root;
  const runs = (await listRuns(layout, RUNS)).reverse();
  const adopts = config.strategy === 'checkout';
  return rebuild({
    ...{ adopts, runs, run: await newRunId(root), tagPrefix: config.tagPrefix, now: host.clock.now() },
    pointed: await (adopts ? liveRelease : pointedRelease)(root, runs),
  });
}

async function pointedRelease({ layout }: Root, runs: readonly Run[]): Promise<Release | null> {
  const folder = await pointedAt(layout.root);
  const mark = folder === null ? null : await readMark(join(layout.releases, folder));
  return mark === null
    ? null
    : (onRecord(mark.commit, runs) ?? { tag: mark.tag, commit: mark.commit, ref: null });
}

async function liveRelease({ layout }: Root, runs: readonly Run[]): Promise<Release | null> {
  const live = await readLive(layout.state);
  return live === null ? null : onRecord(live.commit, runs);
}

function onRecord(commit: string, runs: readonly Run[]): Release | null {
  return (
    runs
      .flatMap(({ from, to }) => [to, ...(from === null ? [] : [from])])
      .find((release) => release.commit === commit) ?? null
  );
}
