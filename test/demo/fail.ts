import assert from 'node:assert/strict';
import { watchPassage, type Passage } from './passage.js';
import { instancesOf } from './shop.js';
import { publish, requireAgreement, showProof, type Push, type Scene } from './telling.js';

/** A bad release: one process tries it and dies, the others never learn of it, and the machine remembers. */
export async function fail(scene: Scene, push: Push): Promise<Passage> {
  const { world, witness, screen } = scene;
  const { tag } = push;
  const before = witness.serving();
  const former = before[0]?.version ?? '';
  const passage = await watchPassage(tag, await publish(scene, push), scene);
  assert.equal(passage.active, former, `${passage.active} is active, not ${former}`);
  const touched = new Set(witness.starts().flatMap(({ version, pmId }) => (version === tag ? [pmId] : [])));
  assert.equal(touched.size, 1, `${touched.size} processes tried ${tag}`);
  const pids = new Set(witness.serving().map(({ pid }) => pid));
  const kept = before.filter(({ pid }) => pids.has(pid)).length;
  assert.equal(kept, instancesOf(world.apps) - 1, `${kept} processes kept their pid`);
  const { quarantine, why } = await requireAgreement(scene, former);
  const isQuarantined = quarantine.some((entry) => entry.tag === tag);
  assert.ok(isQuarantined && why?.reason === 'quarantined', `${tag} is not quarantined`);
  const { outcome, trigger } = await world.lastRun();
  assert.deepEqual({ outcome, trigger }, { outcome: 'rolledBack', trigger: 'schedule' });
  screen.line();
  showProof(
    scene,
    `one process tried it; ${kept} of ${kept + 1} were never touched, and all serve ${former}`,
  );
  showProof(scene, `pm2, status and history say the same: ${outcome}, begun by the ${trigger}`);
  showProof(scene, `status says why ${tag} is not tried again: ${why.reason}`);
  screen.paragraph(' ', why.detail);
  return passage;
}
