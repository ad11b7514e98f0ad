import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { checkGithub } from '../../../src/agent/doctor/github.js';
import { gatherFacts } from '../../../src/agent/facts.js';
import { nameOf } from '../../../src/domain/doctor/catalogue.js';
import type { Run as CheckRun } from '../../bed/github.js';
import { cast } from '../github-cast.js';

const LIMIT = { timeout: 60_000 };
const GREEN: CheckRun = { name: 'build', status: 'completed', conclusion: 'success' };
const PENDING: CheckRun = { name: 'build', status: 'in_progress', conclusion: null };

test(
  'doctor tells whether GitHub lets in, what it says of the release, and what mends it',
  LIMIT,
  async (t) => {
    const it = await cast(t, { checks: true, deployments: true });
    const { api, commits, place, token: file } = it;
    const check = () => checkGithub({ ...place, facts: () => gatherFacts(place.root) });
    const told = async () => (await check()).map(({ id, level }) => `${nameOf(id)} ${level}`);
    api.runs.set(commits['v1.1.0'], [GREEN]);
    assert.deepEqual(await told(), [
      ...['github ok', 'github-token ok', 'github-checks ok', 'github-deployments warning'],
    ]);
    api.runs.set(commits['v1.1.0'], [PENDING]);
    assert.equal((await told())[2], 'github-checks warning');
    api.ofToken = {
      'github-authentication-token-expiration': new Date(Date.now() + 86_400_000 * 3)
        .toISOString()
        .replace(/T(.*)\..*/, ' $1 UTC'),
      'x-oauth-scopes': 'read:user, delete_repo',
    };
    const token = (await check()).filter(({ id }) => id === 'source.github-token');
    assert.match(
      token.map(({ level, detail }) => `${level}: ${detail}`).join('\n'),
      /^warning: it ends in 2 d 23 h[^]*warning: it may delete_repo, [^]*problem: it may not tell deployments/,
    );
    await writeFile(file, 'another');
    const [refused] = await check();
    assert.deepEqual([refused?.level, (refused?.mend ?? '').includes('renew the secret')], ['problem', true]);
    await writeFile(file, '');
    const [empty] = await check();
    assert.match(`${empty?.detail} ${empty?.mend}`, /github\.token: .*token is empty write the token into/);
  },
);
