import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { lookNow } from '../../src/agent/look.js';
import type { Workplace } from '../../src/agent/workplace.js';
import { systemClock } from '../../src/os/clock.js';
import { GithubApi } from '../bed/github.js';
import { Remote } from '../bed/remote.js';
import { ownPlace } from './place.js';

/** GitHub, and a machine that asks it. */
export interface Cast {
  readonly api: GithubApi;
  readonly place: Workplace;
  /** The clock of the machine, which the test sets ahead. */
  readonly time: { aheadMs: number };
  readonly commits: Readonly<Record<'v1.0.0' | 'v1.1.0', string>>;
  readonly token: string;
}

/** A worker of a machine that asks GitHub, too, about a repository of two releases. */
export async function cast(t: TestContext, github: object, more: object = {}): Promise<Cast> {
  const api = await GithubApi.open();
  t.after(() => api.close());
  const remote = await Remote.open();
  t.after(() => remote.close());
  const commits = {
    'v1.0.0': await remote.release('v1.0.0', { a: '1' }),
    'v1.1.0': await remote.release('v1.1.0', { a: '2' }),
  };
  const where = { api: api.url, repository: 'acme/shop' };
  const token = join((await ownPlace(t)).root.layout.root, 'token');
  await writeFile(token, 'a-token\n');
  const config = { repository: remote.url, github: { ...where, token: { file: token }, ...github }, ...more };
  const place = await ownPlace(t, config);
  const env = { PATH: process.env['PATH'] ?? '', HOME: place.root.layout.root, GIT_CONFIG_NOSYSTEM: '1' };
  const time = { aheadMs: 0 };
  const clock = { ...systemClock(), now: () => Date.now() + time.aheadMs };
  const root = { ...place.root, host: { ...place.root.host, env, clock } };
  await lookNow(root, place.signal);
  return { api, place: { ...place, root }, time, commits, token };
}
