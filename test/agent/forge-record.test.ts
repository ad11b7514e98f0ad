import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { checkRecords } from '../../src/agent/doctor/records.js';
import { forgeState } from '../../src/agent/forge.js';
import { NO_REQUEST } from '../../src/domain/facts.js';
import { NO_FORGE_RECORD } from '../../src/domain/forge.js';
import { readDeployment } from '../../src/state/forge-store.js';
import { ownRoot } from './place.js';

const GITHUB = { repository: 'https://github.com/acme/shop', github: { checks: true } };
const NEWER = '{"schema":2,"of":"a later version"}';

test('a record of GitHub that cannot be read is kept aside and asked for anew; one of a newer version is not touched', async (t) => {
  const root = await ownRoot(t, GITHUB);
  const { forge, deployment, state } = root.layout;
  await writeFile(forge, '{"schema":1,"source":"https://api.gi');
  await writeFile(deployment, '[]');
  const known = await forgeState(root, NO_REQUEST);
  assert.deepEqual(known.at === 'on' ? known.record : null, NO_FORGE_RECORD);
  assert.equal(await readDeployment(root.layout, 'x'), null);
  const aside = (await readdir(state)).filter((name) => name.endsWith('.corrupt'));
  assert.deepEqual(aside.sort(), ['deployment.json.corrupt', 'forge.json.corrupt']);

  await writeFile(forge, NEWER);
  await assert.rejects(forgeState(root, NO_REQUEST), { code: 'STATE_NEWER' });
  const problems = (await checkRecords({ root })).filter(({ level }) => level === 'problem');
  assert.match(problems[0]?.detail ?? '', /forge\.json was written by a newer pm2-gitops/);
  assert.equal(await readFile(forge, 'utf8'), NEWER);
});
