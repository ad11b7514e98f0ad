import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { examine } from '../../../src/agent/doctor/examine.js';
import { checkClock } from '../../../src/agent/doctor/machine.js';
import { checkSavedList } from '../../../src/agent/doctor/pm2.js';
import { checkRecords } from '../../../src/agent/doctor/records.js';
import { checkExclude, checkOwnership } from '../../../src/agent/doctor/state.js';
import { Visit } from '../../../src/agent/doctor/visit.js';
import type { Root } from '../../../src/agent/root.js';
import type { Check } from '../../../src/domain/check.js';
import { systemClock } from '../../../src/os/clock.js';
import { lookAtBoot } from '../../../src/runtime/boot.js';
import { installedVersion } from '../../../src/runtime/installed.js';
import { readTreeTraits } from '../../../src/workspace/tree-traits.js';
import { told } from '../../domain/doctor/table.js';
import { Remote } from '../../bed/remote.js';
import { ownFolder } from '../../folder.js';
import { ownRoot } from '../place.js';

const LIMIT = { timeout: 60_000 };
const POSIX = { ...LIMIT, skip: process.platform === 'win32' ? 'Windows has no such rights' : false };
const AS_ROOT = { ...LIMIT, skip: process.getuid?.() === 0 ? false : 'only root can give a file away' };
const NOBODY = 65_534;
const run = promisify(execFile);

function visit(root: Root, signal = new AbortController().signal): Visit {
  return new Visit(root, signal);
}

async function rootAt(t: TestContext, config: object, more: Partial<Root['host']> = {}): Promise<Root> {
  const root = await ownRoot(t, config);
  const env = { PATH: process.env['PATH'] ?? '', HOME: root.layout.root, GIT_CONFIG_NOSYSTEM: '1' };
  return { ...root, host: { ...root.host, env, ...more } };
}

test(
  'the clock of a machine is compared with the date of the source, whatever that answers',
  LIMIT,
  async (t) => {
    const remote = await Remote.open();
    t.after(() => remote.close());
    const at = async (aheadMs: number, url = remote.url): Promise<string> => {
      const clock = { ...systemClock(), now: () => Date.now() + aheadMs };
      return told(
        await checkClock(visit(await rootAt(t, { repository: url }, { clock, platform: 'darwin' }))),
      );
    };
    assert.match(await at(0), /^ok .* within 1 s|^ok .* within \d s/);
    assert.match(await at(3_600_000), /^problem .*: 36\d\d s ahead of the source's/);
    remote.fault = { status: 500 };
    assert.match(await at(-120_000), /^warning .*: 1[12]\d s behind the source's/);
    remote.fault = 'down';
    assert.match(await at(0), /^skipped /);
    assert.match(await at(0, 'https://127.0.0.1:9/a'), /^skipped /);
  },
);

test('a source that hangs keeps no other check from being told, and doctor from ending', LIMIT, async (t) => {
  const remote = await Remote.open();
  t.after(() => remote.close());
  remote.fault = 'hang';
  // A tenth of the limit will do.
  const clock = {
    ...systemClock(),
    sleep: (_: number, signal: AbortSignal) => systemClock().sleep(3_000, signal),
  };
  const ends = new AbortController();
  t.after(() => {
    ends.abort();
  });
  const checks = await examine(await rootAt(t, { repository: remote.url }, { clock }), ends.signal);
  const level = (id: string): string[] =>
    checks.filter((check) => check.id === id).map((check) => `${check.level}: ${check.detail}`);
  assert.deepEqual(level('source.source'), ['warning: no answer within 30 s']);
  assert.match(level('machine.git').join(), /^ok: /);
  assert.match(level('root.records').join(), /^ok: /);
});

test('every record is looked at, and none is put aside by it', LIMIT, async (t) => {
  const root = await rootAt(t, {});
  const { layout } = root;
  const said = async (): Promise<string> => told(await checkRecords({ root }));
  assert.match(await said(), /^ok root\.records: 0 can be read/);
  await writeFile(layout.journal, '{"schema":1,"at":1}\n');
  await writeFile(layout.orders, '{"schema":2}');
  await writeFile(layout.children, 'torn');
  await mkdir(layout.dates);
  await writeFile(`${layout.compared}.corrupt`, 'x');
  const lines = await said();
  for (const line of [
    'problem root.records: ROOT/journal.jsonl cannot be read',
    'problem root.records: ROOT/orders.json was written by a newer pm2-gitops',
    'problem root.records: ROOT/children.json cannot be read',
    'problem root.records: ROOT/dates.json cannot be read',
    'warning root.records: ROOT/compared.json.corrupt could not be read and was put aside',
  ])
    assert.ok(lines.includes(line.replace('ROOT', layout.state)), `${lines}\nlacks ${line}`);
});

test(
  'git that finds the ownership of a checkout dubious is seen, and what of ours it shows',
  AS_ROOT,
  async (t) => {
    const root = await rootAt(t, { strategy: 'checkout' });
    const folder = root.layout.root;
    const said = async (check: (visit: Visit) => Promise<Check[]>): Promise<string> =>
      told(await check(visit(root)));
    assert.match(await said(checkOwnership), /^problem .*git does not work in/);
    await run('git', ['init', '--quiet', folder]);
    assert.match(await said(checkOwnership), /^ok /);
    assert.match(await said(checkExclude), /^warning .*lacks \/\.pm2-gitops\/, \/gitops\.json/);
    for (const path of [folder, join(folder, '.git')]) await chown(path, NOBODY, NOBODY);
    assert.match(await said(checkOwnership), /^warning .*git refuses .* safe\.directory/);
  },
);

test('whether others get at the secrets of dump.pm2 is told by every folder above it', POSIX, async (t) => {
  const pm2Home = await ownFolder(t);
  const root = await rootAt(t, {}, { pm2Home });
  const dump = join(pm2Home, 'dump.pm2');
  const app = { name: 'web', pm_exec_path: '/srv/a.js', pm_cwd: '/srv', env: { API_TOKEN: 'very-secret' } };
  await writeFile(dump, JSON.stringify([app]), { mode: 0o644 });
  const said = async (): Promise<string> => told(await checkSavedList(visit(root)));
  await chmod(pm2Home, 0o700);
  assert.match(await said(), /ok pm2\.saved-secrets: no other user gets at/);
  await chmod(pm2Home, 0o755);
  assert.match(
    await said(),
    /warning pm2\.saved-secrets: others may read \S+dump\.pm2, which holds API_TOKEN/,
  );
  assert.doesNotMatch(await said(), /very-secret/);
  await chmod(dump, 0o600);
  assert.match(await said(), /ok pm2\.saved-secrets/);
});

test('what starts pm2 after a reboot is read from the units of systemd, with what is dropped in beside them', async (t) => {
  const folder = await ownFolder(t);
  const places = {
    systemd: join(folder, 'run'),
    units: join(folder, 'units'),
    init: join(folder, 'init'),
    agents: folder,
  };
  assert.deepEqual(await lookAtBoot('linux', places), {
    at: 'unknown',
    why: `${places.init} starts no pm2; a container may`,
  });
  await mkdir(places.systemd);
  const unit =
    '[Service]\nUser=deploy\nEnvironment=PM2_HOME=/home/deploy/.pm2\nExecStart=/usr/bin/pm2 resurrect\n';
  await mkdir(join(places.units, 'pm2-deploy.service.d'), { recursive: true });
  await mkdir(join(places.units, 'multi-user.target.wants'));
  await writeFile(join(places.units, 'pm2-deploy.service'), unit);
  await writeFile(join(places.units, 'nginx.service'), '[Service]\nExecStart=/usr/sbin/nginx\n');
  const known = {
    name: 'pm2-deploy.service',
    home: '/home/deploy/.pm2',
    user: 'deploy',
    isEnabled: false,
    killMode: 'control-group',
  };
  assert.deepEqual(await lookAtBoot('linux', places), { at: 'known', by: 'systemd', units: [known] });
  await writeFile(
    join(places.units, 'pm2-deploy.service.d', 'override.conf'),
    '[Service]\nKillMode=process\n',
  );
  await symlink('../pm2-deploy.service', join(places.units, 'multi-user.target.wants', 'pm2-deploy.service'));
  const mended = { ...known, isEnabled: true, killMode: 'process' };
  assert.deepEqual(await lookAtBoot('linux', places), { at: 'known', by: 'systemd', units: [mended] });
});

test(
  'the version of the pm2 in PATH is read, and what plain git does not bring of a tree',
  POSIX,
  async (t) => {
    const folder = await ownFolder(t);
    assert.equal(await installedVersion({ PATH: folder }, 'linux'), null);
    await mkdir(join(folder, 'pm2', 'bin'), { recursive: true });
    await writeFile(join(folder, 'pm2', 'bin', 'pm2'), '');
    await writeFile(join(folder, 'pm2', 'package.json'), '{"name":"pm2","version":"6.0.14"}');
    await mkdir(join(folder, 'bin'));
    await symlink('../pm2/bin/pm2', join(folder, 'bin', 'pm2'));
    assert.equal(await installedVersion({ PATH: `/nowhere:${join(folder, 'bin')}` }, 'linux'), '6.0.14');

    assert.equal(await readTreeTraits(join(folder, 'none')), null);
    const none = { submodules: false, lfs: false, shallow: false };
    assert.deepEqual(await readTreeTraits(folder), none);
    await writeFile(join(folder, '.gitattributes'), '# filter=lfs\n*.psd filter=lfs diff=lfs -text\n');
    await mkdir(join(folder, '.git'));
    await writeFile(join(folder, '.git', 'shallow'), 'a\n');
    assert.deepEqual(await readTreeTraits(folder), { ...none, lfs: true, shallow: true });
  },
);
