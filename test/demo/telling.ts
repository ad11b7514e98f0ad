import assert from 'node:assert/strict';
import type { Status } from '../bed/answers.js';
import type { Screen } from './screen.js';
import { instancesOf, type Files } from './shop.js';
import type { Witness } from './witness.js';
import type { World } from './world.js';

/** Of what, where, and until when the story is told. */
export interface Telling {
  readonly world: World;
  readonly screen: Screen;
  readonly witness: Witness;
  readonly signal: AbortSignal;
}

/** The story once its machine runs. */
export interface Scene extends Telling {
  /** A moment at which the schedule looks; it looks every `everyMs`. */
  readonly turn: number;
  readonly everyMs: number;
}

/** A release that the developer is about to tag. */
export interface Push {
  readonly tag: string;
  readonly files: Files;
  readonly remark: string;
}

/** The developer's part of a chapter. Gives back the moment of the tag. */
export async function publish({ world, screen }: Scene, { tag, files, remark }: Push): Promise<number> {
  screen.chapter(`git tag ${tag} && git push`, remark);
  return world.publish(tag, files);
}

/** Has everybody tell the same: the processes over HTTP, pm2's list, and `status --json`, which it gives back. */
export async function requireAgreement({ world, witness }: Scene, tag: string): Promise<Status> {
  const status = await world.status();
  const serving = witness.serving();
  const ours = serving.map(({ pmId, pid }) => ({ pmId, pid }));
  const byId = (a: { pmId: number }, b: { pmId: number }): number => a.pmId - b.pmId;
  const pm2s = (await world.processes()).map(({ pmId, pid }) => ({ pmId, pid })).sort(byId);
  const theirs = status.processes.map(({ pmId, pid }) => ({ pmId, pid })).sort(byId);
  const versions = [...new Set(serving.map(({ version }) => version))];
  const commits = [...new Set(status.processes.map(({ commit }) => commit))];
  assert.equal(serving.length, instancesOf(world.apps), `${serving.length} processes answer`);
  assert.deepEqual(versions, [tag], `the processes answer with ${versions.join(' and ')}`);
  assert.deepEqual(ours, pm2s, 'pm2 lists other processes than those that answer');
  assert.deepEqual(ours, theirs, 'status --json lists other processes than those that answer');
  assert.equal(
    status.active?.tag,
    tag,
    `status --json says that ${status.active?.tag ?? 'nothing'} is active`,
  );
  assert.deepEqual(
    commits,
    [status.active.commit],
    'status --json says that some process runs another commit',
  );
  return status;
}

/** Writes down what was proven. */
export function showProof({ screen }: Pick<Telling, 'screen'>, text: string): void {
  screen.paragraph(screen.colors.green('✓'), text);
}
