import { GitOpsError } from '../domain/errors.js';
import { hideSecrets, redactUrl, redactUrls } from '../domain/redact.js';
import type { Remote } from './look-place.js';

/** Why a look failed: refused, or not reached; and for how long the server wants to be left alone. */
export interface LookFault {
  readonly kind: 'refused' | 'unreachable';
  readonly why: string;
  readonly retryAfterMs?: number | null | undefined;
  readonly cause?: unknown;
}

/** A failed look in the words that people read, whoever looked. A server may quote what it was sent: it does not come back. */
export function failedLook(
  { url, secrets = [] }: Pick<Remote, 'url' | 'secrets'>,
  { kind, why, retryAfterMs, cause }: LookFault,
): GitOpsError {
  return new GitOpsError(
    kind === 'refused' ? 'SOURCE_REFUSED' : 'SOURCE_UNREACHABLE',
    `cannot list the refs of ${redactUrl(url)}: ${hideSecrets(redactUrls(why), secrets)}`,
    {
      cause,
      retryAfterMs,
      hint:
        kind === 'refused'
          ? 'check the repository and its credentials in gitops.json'
          : 'check the network; the next poll tries again',
    },
  );
}
