import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { openRoot } from '../../src/agent/compose.js';
import { readKnownRoots } from '../../src/state/known-roots.js';
import { tryLock } from '../../src/state/lock.js';
import { readOrders } from '../../src/state/store.js';
import { waitFor } from '../bed/wait.js';
import { environmentOf, taggedRepository } from '../cli/program.js';
import { ownFolder } from '../folder.js';

// What pm2 and a process below it say to each other, without the second that a daemon takes; pm2-module.test.ts has the real one.

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

const MESSAGE = v.variant('type', [
  v.object({ type: v.literal('axm:action'), data: v.looseObject({ action_name: v.string() }) }),
  v.object({ type: v.literal('axm:monitor'), data: v.record(v.string(), v.object({ value: v.string() })) }),
  v.object({
    type: v.literal('axm:reply'),
    data: v.object({
      action_name: v.string(),
      return: v.object({ ok: v.boolean(), said: v.record(v.string(), v.string()) }),
    }),
  }),
]);

/** The poller as a child that was started the way pm2 does it. */
class Below {
  readonly screens: Record<string, string> = {};
  readonly actions: string[] = [];
  readonly lines: string[] = [];
  readonly #child: ChildProcess;

  constructor(context: TestContext, { args, env }: { args: readonly string[]; env: Record<string, string> }) {
    const options = { env: { ...env, pm_id: '7' }, silent: true };
    this.#child = fork(MAIN, ['run', ...args], options);
    this.#child.on('message', (message) => {
      const { type, data } = v.parse(MESSAGE, message);
      if (type === 'axm:action') this.actions.push(data.action_name);
      if (type === 'axm:monitor')
        for (const [name, { value }] of Object.entries(data)) this.screens[name] = value;
    });
    this.#child.stdout?.on('data', (text: Buffer) => this.lines.push(...text.toString().trim().split('\n')));
    context.after(() => this.#child.kill('SIGKILL'));
  }

  /** As `pm2 trigger` does it: with a parameter another message. */
  async trigger(msg: string, opts?: string): Promise<{ ok: boolean; said: Record<string, string> }> {
    const answered = new Promise<unknown>((resolve) => {
      this.#child.on('message', (message: { type: string }) => {
        if (message.type === 'axm:reply') resolve(message);
      });
    });
    this.#child.send(opts === undefined ? msg : { msg, opts, name: 'pm2-gitops' });
    const reply = v.parse(MESSAGE, await answered);
    assert.ok(reply.type === 'axm:reply' && reply.data.action_name === msg);
    return reply.data.return;
  }

  /** Ends it as pm2 does, and tells its exit code. */
  async end(): Promise<number | null> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGINT');
    return v.parse(v.nullable(v.number()), (await ended)[0]);
  }
}

async function rootsIn(home: string, repository: string): Promise<[string, string, string]> {
  const [shop, blog, lost] = ['shop', 'blog', 'lost'].map((name) => join(home, name));
  assert.ok(shop !== undefined && blog !== undefined && lost !== undefined);
  for (const root of [shop, blog]) {
    await mkdir(root);
    const hold = { pin: null, approvals: [], hold: { reason: 'a fair', since: 1, until: null } };
    await writeFile(join(root, 'gitops.json'), JSON.stringify({ repository, strategy: 'releases' }));
    await mkdir(join(root, '.pm2-gitops'), { mode: 0o700 });
    await writeFile(join(root, '.pm2-gitops', 'orders.json'), JSON.stringify({ schema: 1, ...hold }));
  }
  return [shop, blog, lost];
}

test('each action always answers, for the root that is meant or for all, and does no more than its verb', async (context) => {
  const home = await ownFolder(context);
  const [shop, blog, lost] = await rootsIn(home, await taggedRepository(context));
  const roots = [shop, blog, lost].flatMap((root) => ['--root', root]);
  const below = new Below(context, { args: roots, env: environmentOf(home) });
  await waitFor('the screens', () => below.screens['blog: state']?.includes('held'));
  assert.deepEqual(below.actions, ['status', 'check', 'apply', 'hold', 'resume']);
  assert.equal(below.screens['shop: phase'], 'idle');
  assert.equal(below.screens['shop: desired'], 'v1.0.0');
  assert.match(below.screens['lost: state'] ?? '', /^problem: there is no .*gitops\.json/);

  const all = await below.trigger('check');
  assert.equal(all.ok, false);
  assert.match(all.said['lost'] ?? '', /^problem: .* → /);
  assert.match(all.said['shop'] ?? '', /nothing serves yet, v1\.0\.0 is desired: behind: held \(a fair/);
  assert.deepEqual(Object.keys((await below.trigger('status', 'blog')).said), ['blog']);
  assert.deepEqual(Object.keys((await below.trigger('status', 'all')).said), ['shop', 'blog', 'lost']);
  const typo = await below.trigger('resume', 'shpo');
  assert.deepEqual([typo.ok, typo.said], [false, { problem: 'no root "shpo": shop, blog, lost, or all' }]);

  const holdOf = async (root: string): Promise<string | null> =>
    (await readOrders((await openRoot(root)).layout)).hold?.reason ?? null;
  assert.deepEqual(await below.trigger('hold', `${shop} the disk is changed`), {
    ok: true,
    said: { shop: 'held: the disk is changed' },
  });
  assert.deepEqual([await holdOf(shop), await holdOf(blog)], ['the disk is changed', 'a fair']);
  const waits = await below.trigger('apply', 'shop');
  assert.match(waits.said['shop'] ?? '', /^held: the disk is changed/);

  const { layout } = await openRoot(blog);
  const lock = await tryLock(layout.upgradeLock, { pid: 4711, startedAt: 1, run: null });
  assert.ok(lock);
  assert.match((await below.trigger('apply', 'blog')).said['blog'] ?? '', /pid 4711 is upgrading this root/);
  lock.release();
  assert.match((await below.trigger('resume', 'shop')).said['shop'] ?? '', /^resumed: .* desired: behind;?/);
  assert.deepEqual([await holdOf(shop), await holdOf(blog)], [null, 'a fair']);
  // The problem of a root is told once, however often it is tried again.
  assert.equal(below.lines.filter((line) => line.includes('lost  problem: ')).length, 1);
  assert.deepEqual(
    (await readKnownRoots(join(home, '.local', 'state', 'pm2-gitops', 'roots'))).map(({ root }) => root),
    [blog, shop],
  );
  assert.equal(await below.end(), 0);
});

test('a module without a root says what to type, and lives on', async (context) => {
  const env = { ...environmentOf(await ownFolder(context)), 'pm2-gitops': '{"root":""}' };
  const below = new Below(context, { args: ['--module'], env });
  await waitFor('what to type', () => below.screens['root']?.includes('pm2 set pm2-gitops:root'));
  const answer = await below.trigger('apply');
  assert.deepEqual([answer.ok, answer.said], [false, { problem: below.screens['root'] }]);
  assert.match(below.lines.join('\n'), /^\S+ {2}no root is set: pm2 set pm2-gitops:root/);
  assert.equal(await below.end(), 0);
});
