import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import type { Answer, Ask } from '../bed/loopback.js';
import type { Machine, Outcome } from '../bed/machine.js';
import { environmentOf, watchArguments } from '../bed/processes.js';
import { Remote } from '../bed/remote.js';
import { Scene } from '../bed/scene.js';

const TOKEN = 'tell+nobody/%of this';
// Else programs would get it: npm reads its settings from such names.
const NAME = 'npm_config_fleet_token';
const FLEET_TOKEN = 'nor=of&that"one';
const VERBS = [
  ['status'],
  ['status', '--json'],
  ['plan'],
  ['doctor'],
  ['doctor', '--json'],
  ['logs'],
  ['logs', '--json'],
  ['history'],
  ['policy', 'show'],
];

/** As what a secret might show. */
function formsOf(secret: string, user: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const [alone, both] = [secret, `${user}:${secret}`].map((text) => Buffer.from(text).toString('base64'));
  return [secret, json, encodeURIComponent(secret), alone ?? '', both ?? ''];
}

const NEEDLES = [...formsOf(TOKEN, 'deploy'), ...formsOf(FLEET_TOKEN, 'x-access-token')];

function assertClean(text: string, where: string): void {
  for (const needle of NEEDLES)
    assert.ok(!text.includes(needle), `${where} holds ${needle}: ${text.slice(0, 2_000)}`);
}

async function assertNoFileHolds(machine: Machine, except: string): Promise<void> {
  const names = await readdir(machine.path(), { recursive: true });
  let read = 0;
  for (const name of names) {
    const path = machine.path(name);
    const found = await stat(path).catch(() => null);
    if (found?.isFile() !== true || path === except) continue;
    read += 1;
    assertClean((await readFile(path)).toString('latin1'), path);
  }
  assert.ok(read > 50, `${read} files`);
}

/** A server that quotes what it was sent, in each place where it can. */
function quoting({ headers }: Ask): Answer {
  const sent = Buffer.from((headers.authorization ?? '').replace('Basic ', ''), 'base64').toString();
  const words = `no entry for ${headers.authorization ?? 'you'}, ${sent}, ${encodeURIComponent(sent.split(':')[1] ?? '')}`;
  const line = `ERR access denied: ${words}\n`;
  const body = Buffer.from(`${(Buffer.byteLength(line) + 4).toString(16).padStart(4, '0')}${line}`);
  return { status: 200, headers: { 'content-type': 'application/x-git-upload-pack-result' }, body };
}

function refusing(ask: Ask): Answer {
  return {
    ...quoting(ask),
    status: 401,
    headers: { 'content-type': 'text/plain', 'www-authenticate': 'Basic realm="x"' },
  };
}

test(
  'no token is in any output, file, argument or environment, whatever comes of it',
  { timeout: 240_000 },
  async (t) => {
    const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port }] });
    const { machine, remote, root } = scene;
    const fleet = await Remote.open();
    t.after(() => fleet.close());
    await fleet.commit({ 'fleet.json': '{ "version": 1 }' }, 'policy');
    await scene.release('v1.0.0');
    await scene.adopt('v1.0.0');
    const spy = { build: 'env > env-of-build.txt', hooks: { beforeActivate: 'env > env-of-hook.txt' } };
    await scene.release('v1.1.0', { gitops: { health: { settle: '500ms', timeout: '5s' }, ...spy } });
    const file = machine.path('token');
    await writeFile(file, `${TOKEN}\n`, { mode: 0o600 });
    remote.auth = { user: 'deploy', password: TOKEN };
    fleet.auth = { user: 'x-access-token', password: FLEET_TOKEN };
    const credentials = { username: 'deploy', file };
    await machine.configure({
      credentials,
      policy: { repository: fleet.url, credentials: { env: NAME } },
    });
    const env = { [NAME]: FLEET_TOKEN };
    const outputs: [string, Outcome][] = [];
    const run = async (args: readonly string[]): Promise<Outcome> => {
      const outcome = await scene.cli(args, { env });
      outputs.push([args.join(' '), outcome]);
      return outcome;
    };
    const calls = watchArguments(t, (line) => line.includes(machine.path()) || line.includes('git'), 5);

    const good = await run(['apply']);
    assert.equal(good.code, 0, good.stderr);
    assert.deepEqual(await scene.versions(), ['v1.1.0']);
    assert.match(await readFile(join(root, 'env-of-build.txt'), 'utf8'), /GITOPS_TAG=v1\.1\.0/);
    for (const verb of VERBS) await run(verb);

    await t.test('while servers quote what they were sent', async () => {
      await scene.release('v1.2.0');
      for (const answer of [quoting, refusing]) {
        remote.before = answer;
        assert.notEqual((await run(['apply'])).code, 0);
        // Only what is downloaded is refused.
        remote.before = (ask) =>
          ask.body.includes('command=fetch') || ask.method === 'GET' ? answer(ask) : null;
        assert.notEqual((await run(['apply'])).code, 0);
        remote.before = null;
        await fleet.commit({ 'fleet.json': `{ "version": ${answer === quoting ? 2 : 3} }` }, 'policy');
        fleet.before = (ask) =>
          ask.body.includes('command=fetch') || ask.method === 'GET' ? answer(ask) : null;
        await run(['apply']);
        fleet.before = null;
        for (const verb of VERBS) await run(verb);
      }
    });

    await t.test('while a download hangs', async () => {
      await machine.tool('git').fault({ when: '*refs/gitops/releases*', hangs: true });
      await scene.cli(['apply'], { env, timeoutMs: 3_000 });
      await run(['status', '--json']);
    });

    await t.test('where it stands in the address', async () => {
      await machine.configure({
        repository: remote.url.replace('//', `//deploy:${encodeURIComponent(TOKEN)}@`),
      });
      const { code, stderr } = await run(['status']);
      assert.deepEqual([code, stderr.includes('must not hold a password or a token')], [2, true]);
      await machine.configure({ repository: remote.url });
    });

    for (const [args, { stdout, stderr }] of outputs) assertClean(stdout + stderr, `the output of ${args}`);
    assert.ok(
      [...calls].some((line) => line.includes('remote-http')),
      'git was seen at work',
    );
    for (const line of calls) assertClean(line, 'an argument list');
    for (const { pid } of await machine.processes())
      assertClean([...environmentOf(pid)].join('\n'), `the environment of ${pid}`);
    await assertNoFileHolds(machine, file);
  },
);
