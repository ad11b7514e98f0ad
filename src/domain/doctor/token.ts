import { ok, orOk, problem, skipped, warning, type Check } from '../check.js';
import { saySpan } from '../moment.js';
import type { Instant } from '../release.js';

/** What GitHub says of a token beside its answers. */
export interface TokenSight {
  /** When it ends; null: never, or GitHub does not say. */
  readonly endsAt: Instant | null;
  /** The scopes of a classic token; null: it is a fine-grained one, or none. */
  readonly scopes: readonly string[] | null;
}

/** What a machine does with its token. */
export interface TokenUse {
  readonly kind: 'none' | 'token' | 'app';
  readonly deploys: boolean;
  readonly now: Instant;
}

const SOON_MS = 14 * 24 * 60 * 60_000;
const ID = 'source.github-token';
// https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps
const NEEDED = /^(repo|public_repo|repo:status|repo_deployment|read:.*)$/;
const DEPLOYS = /^(repo|repo_deployment)$/;

/** Whether a token lasts, and may do what it is for and no more. */
export function judgeToken({ endsAt, scopes }: TokenSight, { kind, deploys, now }: TokenUse): Check[] {
  if (kind === 'none') return [skipped(ID, 'no token is named')];
  if (kind === 'app')
    return [ok(ID, 'of a GitHub App: made anew each hour, and bounded by its installation')];
  const renew = 'make a new one, and put it where github.token of gitops.json says; the next look takes it';
  const ends = endsAt !== null && endsAt - now < SOON_MS ? [endCheck(endsAt - now, renew)] : [];
  const surplus = (scopes ?? []).filter((scope) => !NEEDED.test(scope));
  const tooMuch =
    surplus.length === 0
      ? []
      : [
          warning(
            ID,
            `it may ${surplus.join(', ')}, which nothing here needs`,
            'a fine-grained token for this repository alone: read contents, checks and statuses; write deployments if they are told',
          ),
        ];
  const tooLittle =
    deploys && scopes !== null && !scopes.some((scope) => DEPLOYS.test(scope))
      ? [problem(ID, 'it may not tell deployments', 'one with the scope repo_deployment')]
      : [];
  const lasts = endsAt === null ? 'GitHub tells no end of it' : `lasts ${saySpan(Math.max(0, endsAt - now))}`;
  return orOk([...ends, ...tooMuch, ...tooLittle], ID, lasts);
}

function endCheck(leftMs: number, renew: string): Check {
  return leftMs <= 0
    ? problem(ID, 'it has ended', renew)
    : warning(ID, `it ends in ${saySpan(leftMs)}`, renew);
}
