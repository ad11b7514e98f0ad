import type { Octokit } from 'octokit';
import { GitOpsError } from '../../domain/errors.js';
import { boundedFetch, type Fetch } from '../../os/bounded-fetch.js';
import { systemClock } from '../../os/clock.js';
import { explainFailure, isUnchanged } from './failure.js';

/** How the API is let in: as anybody, by a token, or as the installation of a GitHub App. */
export type GithubKey =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'app'; readonly app: string; readonly installation: number; readonly pem: string };

/** Which repository is asked about, where, and with which key. */
export interface GithubPlace {
  /** The address of the API, without a slash at its end. */
  readonly api: string;
  readonly owner: string;
  readonly repo: string;
  readonly key: GithubKey;
}

/** Until when, and who cancels. */
export interface GithubBounds {
  readonly signal: AbortSignal;
  /** For each question. */
  readonly limitMs?: number;
  /** For all of them together. */
  readonly totalMs?: number;
}

/** A line to the API. */
export interface Line {
  readonly place: GithubPlace;
  readonly octokit: Octokit;
}

/** What an address said: the same as when its ETag was given, or something. */
export type Told<T> =
  { readonly at: 'same' } | { readonly at: 'new'; readonly value: T; readonly etag: string | null };

/** What Octokit gives back; what it says of the body's shape is not believed. */
interface Reply {
  readonly data: unknown;
  readonly headers: { readonly etag?: string | undefined };
}

const LIMIT_MS = 15_000;
const MAX_BYTES = 8 * 1024 * 1024;
/** The version of the API that we speak: https://docs.github.com/en/rest/about-the-rest-api/api-versions. */
const HEADERS = { 'x-github-api-version': '2022-11-28', accept: 'application/vnd.github+json' };
const SILENT = {
  ...{ debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
};

/** Opens a line; nothing is asked yet. Throws `CONFIG_INVALID` where octokit is not installed. */
export async function openLine(place: GithubPlace, bounds: GithubBounds): Promise<Line> {
  const { App, Octokit } = await loadOctokit();
  const fetch = withinAll(bounds);
  const usual = Octokit.defaults({
    ...{ baseUrl: place.api, userAgent: 'pm2-gitops', log: SILENT, request: { fetch, log: SILENT } },
    // When it is asked again is decided by what is on record, not by waiting in a worker that holds the lock.
    ...{ throttle: { enabled: false }, retry: { enabled: false } },
  });
  const { key } = place;
  if (key.kind !== 'app')
    return { place, octokit: new usual(key.kind === 'token' ? { auth: key.token } : {}) };
  const app = new App({ appId: key.app, privateKey: key.pem, Octokit: usual, log: SILENT });
  return { place, octokit: await app.getInstallationOctokit(key.installation) };
}

/** No question begins, or goes on, past the end of them all. */
function withinAll({ signal, limitMs = LIMIT_MS, totalMs = Infinity }: GithubBounds): Fetch {
  const clock = systemClock();
  const end = clock.monotonicMs() + totalMs;
  return (address, init) => {
    const leftMs = Math.max(1, Math.min(limitMs, end - clock.monotonicMs()));
    return boundedFetch({ signal, limitMs: leftMs, maxBytes: MAX_BYTES })(address, init);
  };
}

/** Who, where, and in which words a question goes out. */
export function terms({ place: { owner, repo } }: Line, etag: string | null = null) {
  return { owner, repo, headers: etag === null ? HEADERS : { ...HEADERS, 'if-none-match': etag } };
}

/** Asks, and reads the answer by `parse`; null where that finds none. Throws `SOURCE_UNREACHABLE`, `SOURCE_REFUSED`, `ABORTED`. */
export async function told<T>(
  line: Line,
  ask: (octokit: Octokit) => Promise<Reply>,
  parse: (body: unknown) => T | null,
): Promise<Told<T>> {
  const reply = await ask(line.octokit).catch((error: unknown) => {
    if (isUnchanged(error)) return null;
    throw explainFailure(error, line.place);
  });
  if (reply === null) return { at: 'same' };
  const value = parse(reply.data);
  if (value !== null) return { at: 'new', value, etag: reply.headers.etag ?? null };
  throw new GitOpsError('SOURCE_UNREACHABLE', `${hostOf(line.place)} answers, but not as GitHub's API does`, {
    hint: 'see github.api in gitops.json, and what answers there: a login page, a proxy?',
  });
}

/** The host of the API, for people. */
export function hostOf({ api }: Pick<GithubPlace, 'api'>): string {
  return new URL(api).host;
}

async function loadOctokit() {
  try {
    return await import('octokit');
  } catch (cause) {
    throw new GitOpsError('CONFIG_INVALID', 'github is on in gitops.json, but octokit cannot be loaded', {
      cause,
      hint: 'install pm2-gitops again, with all of its dependencies',
    });
  }
}
