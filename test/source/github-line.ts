import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { isGitOpsError, type GitOpsError } from '../../src/domain/errors.js';
import { openLine, type GithubKey, type Line } from '../../src/source/github/line.js';
import { GithubApi, type Run } from '../bed/github.js';

/** A commit of the repository. */
export const COMMIT = 'c'.repeat(40);
/** The key that fits. */
export const TOKEN: GithubKey = { kind: 'token', token: 'a-token' };
/** A check run that went well. */
export const GREEN: Run = { name: 'build', status: 'completed', conclusion: 'success' };

/** GitHub's API until the end of the test, where nothing may have been asked that it does not describe. */
export async function openApi(t: TestContext): Promise<GithubApi> {
  const api = await GithubApi.open();
  t.after(() => api.close());
  return api;
}

/** A line to it. */
export function lineTo(
  api: GithubApi,
  more: { key?: GithubKey; limitMs?: number; repo?: string } = {},
): Promise<Line> {
  const { key = TOKEN, limitMs = 10_000, repo = 'shop' } = more;
  const place = { api: api.url, owner: 'acme', repo, key };
  return openLine(place, { signal: AbortSignal.timeout(20_000), limitMs });
}

/** The failure that some work ends with; it tells no secret. */
export async function failureOf(work: Promise<unknown>): Promise<GitOpsError> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(isGitOpsError(error), String(error));
  assert.doesNotMatch(`${error.message} ${error.hint ?? ''}`, /a-token/);
  return error;
}
