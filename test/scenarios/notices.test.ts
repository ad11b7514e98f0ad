import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { layoutOf } from '../../src/state/layout.js';
import { holderOf } from '../../src/state/lock.js';
import { Receivers } from '../bed/receivers.js';
import { KEYS } from '../bed/services.js';
import { environmentOf, watchArguments } from '../bed/processes.js';
import { Scene } from '../bed/scene.js';
import { waitFor } from '../bed/wait.js';

const LIMIT = { timeout: 180_000 };
const HOOKS = ['slack', 'discord', 'teams', 'wecom', 'dingtalk', 'feishu', 'webhook'] as const;
const SIGNED: readonly string[] = ['dingtalk', 'feishu', 'webhook'];
const EVERYONE = [...HOOKS, 'telegram'];

/** Every service as a sink, their secrets in files, and two sinks that hang and fail. */
async function configure(scene: Scene, good: Receivers, bad: Receivers): Promise<string> {
  const { machine } = scene;
  const folder = machine.path('home', 'secrets');
  const secret = async (name: string, value: string): Promise<{ file: string }> => {
    await machine.must('mkdir', ['-p', folder]);
    await writeFile(join(folder, name), `${value}\n`, { mode: 0o600 });
    return { file: join(folder, name) };
  };
  const sinks: Record<string, object> = {};
  const keys: Readonly<Record<string, string>> = KEYS;
  for (const type of HOOKS) {
    const key = SIGNED.includes(type)
      ? { secret: await secret(`${type}.key`, keys[`${type}Secret`] ?? '') }
      : {};
    sinks[type] = { type, url: await secret(type, good.addresses()[type]), ...key };
  }
  const token = await secret('telegram', KEYS.telegram);
  sinks['telegram'] = { type: 'telegram', token, chat: '@shop', api: good.url };
  sinks['kuma'] = { type: 'uptimeKuma', url: await secret('kuma', good.addresses().kuma) };
  sinks['hangs'] = { type: 'slack', url: await secret('hangs', bad.addresses().slack) };
  sinks['mail'] = { type: 'command', command: 'cat >> heard.jsonl', events: ['rolledBack'] };
  sinks['quiet'] = { type: 'command', command: 'cat >> quiet.jsonl', level: 'problem' };
  await machine.configure({ name: 'vps-07', notify: sinks });
  return folder;
}

/** Waits until no courier is on its way: each that was launched has taken the lock by then, or is done. */
async function couriersRest(scene: Scene): Promise<void> {
  const { courierLock } = layoutOf(scene.root);
  const isOnItsWay = async (): Promise<boolean> => {
    if ((await holderOf(courierLock)) !== null) return true;
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const lines = await Promise.all(
      pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
    );
    return lines.some((line) => line.includes('courier-main') && line.includes(scene.root));
  };
  await waitFor('the couriers', async () => !(await isOnItsWay()), { limitMs: 60_000 });
}

test(
  'S24: each change of outcome reaches every sink exactly once; one that hangs or fails changes nothing; no secret shows anywhere',
  LIMIT,
  async (t) => {
    const [good, bad] = [await Receivers.open(), await Receivers.open()];
    t.after(() => good.close());
    t.after(() => bad.close());
    const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port }] });
    const { machine, root } = scene;
    await scene.release('v1.0.0');
    await scene.adopt('v1.0.0');
    const secrets = await configure(scene, good, bad);
    const calls = watchArguments(t, (line) => line.includes(machine.path()), 50);
    const outputs: string[] = [];
    const run = async (...args: string[]): Promise<string> => {
      const { stdout, stderr } = await scene.cli(args);
      outputs.push(stdout + stderr);
      return stdout;
    };
    /** Each service was told this since, and nothing else. */
    const assertTold = async (headline: string, why?: string): Promise<void> => {
      // A courier begins when its run has ended for everybody.
      if (headline !== '')
        await waitFor('everybody to be told', () =>
          EVERYONE.every((service) => good.textsOf(service).length > 0),
        );
      await couriersRest(scene);
      const headlines = EVERYONE.map((service) =>
        good.textsOf(service).map((text) => text.split('\n', 1).join()),
      );
      good.taken.length = 0;
      for (const [place, each] of headlines.entries()) assert.deepEqual(each, headlines[0], EVERYONE[place]);
      const heard = (headlines[0] ?? []).join('\n').replace(/ \([0-9a-f]{7}\)/g, '');
      assert.equal(heard, headline, why);
    };

    await scene.check();
    await waitFor('the switch to be told', () => good.textsOf('kuma').length > 0);
    assert.match(good.textsOf('kuma').join('\n'), /^up: v1\.0\.0 \([0-9a-f]{7}\) runs$/);
    await assertTold('', 'that it is adopted is no news');
    bad.fault = 'hang';
    await scene.release('v1.1.0');
    const before = Date.now();
    await run('apply');
    const tookMs = Date.now() - before;
    assert.equal((await scene.status()).lastRun?.outcome, 'activated');
    await waitFor('the sink that hangs to be asked', () => Promise.resolve(bad.asked.length > 0));
    bad.fault = { status: 500 };
    bad.hangUp();
    await assertTold('✓ vps-07: v1.1.0 runs');
    assert.ok(tookMs < 30_000, `nobody waited for a sink: ${tookMs} ms`);

    await scene.release('v1.2.0', { variant: 'crashes at start' });
    await run('apply');
    await scene.everywhere('v1.1.0');
    await assertTold('✗ vps-07: v1.2.0 was rolled back, v1.1.0 serves');
    await scene.check();
    await assertTold('', 'polls tell nothing');
    await scene.release('v1.2.1');
    await scene.check();
    await scene.everywhere('v1.2.1');
    await waitFor('the run', async () => (await scene.status()).worker === null);
    await assertTold('✓ vps-07: v1.2.1 runs, after a failure');

    const heard = async (name: string): Promise<string[]> =>
      [...(await readFile(join(root, name), 'utf8')).matchAll(/"event":"(\w+)","level"/g)].map(
        ([, event]) => event ?? '',
      );
    assert.deepEqual(await heard('heard.jsonl'), ['rolledBack', 'activated'], 'and that it is over');
    assert.deepEqual(await heard('quiet.jsonl'), ['rolledBack', 'activated']);
    assert.match(await run('notify', 'list'), /^hangs +slack +all +\d waiting +\S.*; again /m);
    const tested = await scene.cli(['notify', 'test', '--json']);
    outputs.push(tested.stdout + tested.stderr);
    assert.equal(tested.code, 2, 'one of them fails');
    for (const verb of [
      ['notify', 'list', '--json'],
      ['status', '--json'],
      ['logs'],
      ['history'],
      ['doctor'],
    ])
      await run(...verb);
    await assertSecretsStay({ scene, secrets, good, bad }, [...outputs, ...calls]);
    assert.ok(
      [...calls].some((line) => line.includes('courier-main')),
      'couriers were seen',
    );
  },
);

/** No secret is in a text, in a file but its own, or in the environment of an app. */
async function assertSecretsStay(
  { scene, secrets, good, bad }: { scene: Scene; secrets: string; good: Receivers; bad: Receivers },
  texts: readonly string[],
): Promise<void> {
  const { machine } = scene;
  const needles = [...Object.values(KEYS), good.url, bad.url].map((secret) => secret.replace('http://', ''));
  const assertClean = (text: string, where: string, own: readonly string[] = needles): void => {
    for (const needle of own)
      assert.ok(!text.includes(needle), `${where} holds ${needle}: ${text.slice(0, 500)}`);
  };
  for (const text of texts) assertClean(text, 'an output or an argument');
  for (const { pid } of await machine.processes())
    assertClean([...environmentOf(pid)].join('\n'), `the environment of ${pid}`);
  for (const name of await readdir(machine.path(), { recursive: true })) {
    const path = machine.path(name);
    const found = await stat(path).catch(() => null);
    if (found?.isFile() !== true || path.startsWith(secrets)) continue;
    const own = path === join(scene.root, 'gitops.json') ? Object.values(KEYS) : needles;
    assertClean((await readFile(path)).toString('latin1'), path, own);
  }
}
