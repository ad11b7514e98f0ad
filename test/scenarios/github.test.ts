import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import * as v from 'valibot';
import { GithubApi, type Deployed } from '../bed/github.js';
import { Scene } from '../bed/scene.js';
import { waitFor } from '../bed/wait.js';

const LIMIT = { timeout: 180_000 };

/** Changes keys of the machine's own file. */
async function configure({ root }: Scene, more: object): Promise<void> {
  const path = join(root, 'gitops.json');
  const written = v.parse(v.looseObject({}), JSON.parse(await readFile(path, 'utf8')));
  await writeFile(path, JSON.stringify({ ...written, ...more }));
}

function statesOf({ deployments }: GithubApi, commit: string): string | undefined {
  const found: Deployed | undefined = deployments.find((each) => each.commit === commit);
  return found?.states.map(({ state }) => state).join(' ');
}

test(
  'a release waits for its checks on GitHub, whose page then shows what the machine runs, and what it took back',
  LIMIT,
  async (t) => {
    const api = await GithubApi.open();
    t.after(() => api.close());
    const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port }] });
    await scene.release('v1.0.0');
    await scene.adopt('v1.0.0');
    const token = join(scene.machine.home, 'github-token');
    await writeFile(token, 'a-token\n');
    const where = { api: api.url, repository: 'acme/shop', token: { file: token } };
    await configure(scene, { name: 'vps-07', github: { ...where, checks: true, deployments: true } });
    const check = (commit: string, conclusion: string | null): void => {
      const status = conclusion === null ? 'in_progress' : 'completed';
      api.runs.set(commit, [{ name: 'build', status, conclusion }]);
    };

    const green = await scene.release('v1.1.0');
    check(green, null);
    await scene.check();
    const waiting = await waitFor('the checks are waited for', async () => {
      const { why, worker } = await scene.status();
      return worker === null && why?.detail.includes(': build') === true ? why : null;
    });
    assert.equal(waiting.reason, 'approval');
    assert.match(waiting.detail, /^v1\.1\.0 \(.*\) waits for its checks: build; asked again/);
    assert.match((await scene.cli(['plan'])).stdout, /waits for its checks: build/);
    const asked = api.seen.length;
    await scene.check(2);
    assert.equal(api.seen.length, asked, 'a poll asks GitHub nothing');
    await scene.everywhere('v1.0.0');

    check(green, 'success');
    await scene.cliMust(['apply']);
    await scene.everywhere('v1.1.0');
    await waitFor('GitHub is told', () => statesOf(api, green) === 'in_progress success');

    const bad = await scene.release('v1.2.0', { variant: 'crashes at start' });
    check(bad, 'success');
    assert.equal((await scene.cli(['apply'])).code, 4);
    await scene.everywhere('v1.1.0');
    await waitFor('GitHub is told', () => statesOf(api, bad) === 'in_progress failure');
    const told = api.deployments.at(-1);
    assert.equal(told?.environment, 'vps-07');
    assert.match(told.states.at(-1)?.description ?? '', /^v1\.2\.0 \(.*\) was rolled back: /);

    api.fault = 'down';
    await scene.release('v1.3.0');
    await scene.cli(['apply']);
    const { stdout: away } = await scene.cli(['status', '--json']);
    assert.match(
      away,
      /v1\.3\.0 .* waits for its checks; GitHub could not be asked: cannot ask 127\.0\.0\.1/,
    );
    await scene.everywhere('v1.1.0');
    const words = [away, await scene.cli(['doctor']), await scene.cli(['logs'])];
    assert.doesNotMatch(JSON.stringify(words), /a-token/);
  },
);
