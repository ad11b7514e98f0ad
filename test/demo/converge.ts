import assert from 'node:assert/strict';
import { watchPassage, type Passage } from './passage.js';
import { instancesOf } from './shop.js';
import { publish, requireAgreement, showProof, type Push, type Scene } from './telling.js';

/** A good release: every process comes to run it, each restarted once, although the one that noticed is among them. */
export async function converge(scene: Scene, push: Push): Promise<Passage> {
  const { world, witness, screen } = scene;
  const { tag } = push;
  const passage = await watchPassage(tag, await publish(scene, push), scene);
  const count = instancesOf(world.apps);
  assert.equal(passage.active, tag, `${passage.active} is active, not ${tag}`);
  const starts = witness.starts().filter(({ version }) => version === tag);
  assert.equal(starts.length, count, `${starts.length} starts of ${tag} by ${count} processes`);
  const finder = passage.changes.find(({ before }) => before?.pid === passage.finder?.pid);
  assert.ok(finder !== undefined, 'no process noticed the release and was restarted by it');
  const { behind, why } = await requireAgreement(scene, tag);
  assert.ok(!behind && why === null, `status --json says behind: ${why?.detail ?? 'without a reason'}`);
  const { to, outcome, trigger } = await world.lastRun();
  assert.deepEqual({ to, outcome, trigger }, { to: tag, outcome: 'activated', trigger: 'schedule' });
  screen.line();
  const name = `${finder.now.name} ${finder.now.pmId}`;
  showProof(scene, `${count} of ${count} serve ${tag}, each restarted once; ${name} that noticed it too`);
  showProof(scene, `pm2, status and history say the same: ${outcome}, begun by the ${trigger}`);
  return passage;
}
