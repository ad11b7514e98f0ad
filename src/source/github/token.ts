import type { TokenSight } from '../../domain/doctor/token.js';
import { explainFailure } from './failure.js';
import { terms, type Line } from './line.js';

// https://docs.github.com/en/rest/authentication/permissions-required-for-fine-grained-personal-access-tokens; "2026-12-24 18:00:00 UTC", or with an offset.
const ENDS = 'github-authentication-token-expiration';
const SCOPES = 'x-oauth-scopes';

/** Reads what GitHub says of the token beside an answer that costs nothing. Throws `SOURCE_UNREACHABLE`, `SOURCE_REFUSED`, `ABORTED`. */
export async function readToken(line: Line): Promise<TokenSight> {
  const { headers: ours } = terms(line);
  const { headers } = await line.octokit
    .request('GET /rate_limit', { headers: ours })
    .catch((error: unknown) => {
      throw explainFailure(error, line.place);
    });
  const scopes = headers[SCOPES];
  const endsAt = Date.parse(String(headers[ENDS] ?? ''));
  return {
    endsAt: Number.isNaN(endsAt) ? null : endsAt,
    scopes: typeof scopes === 'string' ? scopes.split(',').flatMap((each) => each.trim() || []) : null,
  };
}
