import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { ownFolder } from '../folder.js';
import { runCli } from './program.js';

const POLICY = {
  version: 4,
  groups: [
    { name: 'canaries', match: { names: ['vps-0?'] }, canary: true },
    { name: 'rest', match: { labels: { region: 'eu' } }, channel: 'nightyl' },
  ],
  channels: { nightly: { follow: 'branch:main' } },
  machines: [{ id: 'm-1', name: 'vps-01' }, { id: 'm-2' }, { id: 'm-3', labels: { region: 'eu' } }],
};

test('a policy is checked in any folder: mistakes as editors read them, who is in which group, a version that grows', async (context) => {
  const folder = await ownFolder(context);
  const write = (name: string, policy: object): Promise<void> =>
    writeFile(join(folder, name), JSON.stringify(policy, null, 2));
  const check = async (...args: readonly string[]): Promise<[number | null, string]> => {
    const { code, stdout, stderr } = await runCli(folder, ['policy', 'check', ...args]);
    return [code, stdout + stderr];
  };
  await write('fleet.json', POLICY);
  await write('old.json', { version: 4 });
  await write('older.json', { version: 3 });
  await write('wrong.json', { version: 4, sook: '2h', barriers: ['main'] });

  const [code, said] = await check('fleet.json');
  assert.equal(code, 0, said);
  assert.match(said, /^fleet\.json:20:18: warning: groups\[1\]\.channel: .*did you mean nightly\?$/m);
  assert.match(said, /^ok +fleet\.json: version 4, 2 groups$/m);
  assert.match(said, /^canaries +1 machine +vps-01\nrest +1 machine +m-3\nno group +1 machine +m-2$/m);
  assert.equal((await check('fleet.json', '--strict'))[0], 2);
  assert.deepEqual(await check('wrong.json'), [
    2,
    'wrong.json:3:3: error: sook: unknown key; did you mean soak?\n' +
      'wrong.json:5:5: error: barriers[0]: "main" is no version tag; write it whole, such as v1.5.0\n',
  ]);
  assert.equal((await check('fleet.json', '--against', 'older.json'))[0], 0);
  assert.equal((await check('fleet.json', '--against', 'fleet.json'))[0], 0);
  const [refused, why] = await check('fleet.json', '--against', 'old.json');
  assert.equal(refused, 2);
  assert.match(why, /^fleet\.json:2:14: error: version: 4 does not exceed 4, .*write 5$/m);
  const [missing, hint] = await check('fleet.jsn');
  assert.equal(missing, 2);
  assert.match(hint, /there is no fleet\.jsn/);
  const told: unknown = JSON.parse((await check('wrong.json', '--json'))[1]);
  assert.ok(typeof told === 'object' && told !== null && 'mistakes' in told && Array.isArray(told.mistakes));
  const wrong = { schema: 1, file: 'wrong.json', ok: false, version: null, machines: [] };
  assert.deepEqual({ ...told, mistakes: told.mistakes.length }, { ...wrong, mistakes: 2 });
});
