import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { startAgent } from '../../src/index.js';
import { Scene } from '../bed/scene.js';
import { waitFor } from '../bed/wait.js';

const LIMIT = { timeout: 120_000 };
const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

test(
  'S31: a token that is missing, wrong, expired, then renewed: one word each way, the old release serves, the machine recovers by itself',
  LIMIT,
  async (t) => {
    const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port }] });
    const { remote, machine } = scene;
    await scene.release('v1.0.0');
    await scene.adopt('v1.0.0');
    const starts = await machine.starts();
    process.env = { ...machine.env };
    const agent = startAgent({ root: machine.root });
    t.after(() => agent.close());
    const heard: string[] = [];
    agent.on('offline', ({ error }) => heard.push(`offline: ${error}`));
    agent.on('online', () => heard.push('online'));
    agent.on('problem', (problem) => heard.push(`problem: ${String(problem)}`));
    /** A look; what was heard of it. */
    const look = async (): Promise<string> => {
      await agent.check();
      return heard.splice(0).join('\n');
    };
    const token = machine.path('home', 'token');
    const locked = (password: string): void => {
      remote.auth = { user: 'x-access-token', password };
    };
    assert.equal(await look(), '', 'all is well');
    const poller = spawn(process.execPath, [MAIN, 'run', '--root', machine.root], { env: machine.env });
    const said: Buffer[] = [];
    poller.stdout.on('data', (piece: Buffer) => said.push(piece));
    const output = (): string => Buffer.concat(said).toString();
    await waitFor('the poller', () => output().includes('polling'));

    locked('first');
    assert.match(await look(), /^offline: .*terminal prompts disabled$/, 'none is named');
    await machine.configure({ credentials: { file: token } });
    assert.equal(await look(), '', 'its file is missing');
    await writeFile(token, 'wrong\n');
    assert.equal(await look(), '', 'it is wrong');
    remote.fault = 'down';
    assert.equal(await look(), '', 'the line breaks');
    remote.fault = 'none';
    await writeFile(token, 'first\n');
    assert.equal(await look(), 'online');
    assert.equal(await look(), '');

    locked('second');
    assert.match(await look(), /^offline: .*the server answered 401$/, 'it expired');
    await scene.release('v1.1.0');
    assert.equal(await look(), '');
    const { why, lastPoll, active } = await scene.status();
    assert.deepEqual([why?.reason, lastPoll?.ok, active?.tag], ['offline', false, 'v1.0.0']);
    await scene.everywhere('v1.0.0');
    assert.deepEqual(await machine.starts(), starts, 'nobody was restarted');
    await writeFile(token, 'second\n');
    assert.equal(await look(), 'online');
    await scene.everywhere('v1.1.0');
    await waitFor('the run to end', async () => (await scene.glance()).active?.tag === 'v1.1.0');
    const words = (): string[] => output().match(/Z {2}(offline|online again)/g) ?? [];
    await waitFor('the words of another poller', () => words().length >= 4);
    poller.kill();
    await once(poller, 'exit');
    assert.deepEqual(
      words().map((word) => word.slice(3)),
      ['offline', 'online again', 'offline', 'online again'],
    );
    heard.splice(0); // the run's own

    await machine.configure({ credentials: { env: 'APP_TOKEN' } });
    process.env['APP_TOKEN'] = 'wrong';
    assert.match(await look(), /^offline: .*401$/, 'a wrong one in the environment');
    process.env['APP_TOKEN'] = 'second';
    assert.equal(await look(), 'online');
    await machine.configure({ credentials: undefined });
    const store = join(machine.home, 'store');
    const helper = `[credential]\n\thelper = store --file ${store}\n`;
    await writeFile(join(machine.home, '.gitconfig'), helper);
    assert.match(await look(), /^offline: /, "git's helper knows none");
    await writeFile(
      store,
      `${remote.url.replace('//', '//x-access-token:second@').replace('/app.git', '')}\n`,
    );
    assert.equal(await look(), 'online', 'it knows one');
  },
);
