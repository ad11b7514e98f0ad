import * as v from 'valibot';
import { isRefName } from '../domain/release.js';
import { section, text } from './forms.js';

// What of `gitops.json` says where something is to be read, and how to be let in there.

/** Where the secret is, never the secret: the name of an environment variable, or a file. */
export interface Credentials {
  readonly username: string;
  readonly from: { readonly env: string } | { readonly file: string };
}

/** Where the fleet's policy lies. */
export interface PolicySource {
  readonly repository: string;
  /** The full name of a ref. */
  readonly ref: string;
  readonly path: string;
  readonly credentials: Credentials | null;
  /** Whether its commits have to be signed, as the machine's `verify` says by whom. */
  readonly verify: 'off' | 'required';
}

/** A repository as people write it. */
export const repositoryText = v.pipe(
  text,
  v.check((url) => !url.startsWith('-'), 'must not begin with "-"'),
  v.check(
    // A user name may stay; what is as long as a token is one.
    (url) => !/^[a-z+]+:\/\/(?:[^/@]*:[^/@]*|[^/@]{20,})@/i.test(url),
    'must not hold a password or a token: name it under credentials',
  ),
);

/** `credentials` as people write it. */
export const credentialsSection = section({
  username: v.optional(text, 'x-access-token'),
  env: v.optional(text),
  file: v.optional(text),
});

/** `policy` as people write it. */
export const policySection = section({
  repository: v.optional(repositoryText),
  ref: v.optional(
    v.pipe(
      text,
      v.check(isRefName, (issue) => `"${issue.input}" is no ref; write a branch, or refs/…`),
    ),
    'main',
  ),
  path: v.optional(
    v.pipe(
      text,
      v.check(
        isInside,
        (issue) => `"${issue.input}" is no path within a repository; write it such as fleet.json`,
      ),
    ),
    'fleet.json',
  ),
  credentials: v.optional(credentialsSection),
  verify: v.optional(v.picklist(['off', 'required'], 'must be "off" or "required"'), 'off'),
});

/** Checks what only code can check; a text is the complaint. */
export function parseCredentials(
  written: v.InferOutput<typeof credentialsSection> | undefined,
): Credentials | null | string {
  if (written === undefined) return null;
  const { username, env, file } = written;
  if (env !== undefined && file === undefined) return { username, from: { env } };
  if (file !== undefined && env === undefined) return { username, from: { file } };
  return 'must name exactly one of env (a variable) and file (a path)';
}

/** Where the policy lies: unless it says otherwise, in the application's own repository, and with its credentials. */
export function parsePolicySource(
  written: v.InferOutput<typeof policySection> | undefined,
  own: Pick<PolicySource, 'repository' | 'credentials'>,
): PolicySource | null | string {
  if (written === undefined) return null;
  const { repository = own.repository, ref, path, verify } = written;
  const named = parseCredentials(written.credentials);
  if (typeof named === 'string') return `credentials ${named}`;
  // A secret goes to the repository that it was named for, and nowhere else.
  const credentials = named ?? (repository === own.repository ? own.credentials : null);
  return { repository, ref: ref.startsWith('refs/') ? ref : `refs/heads/${ref}`, path, credentials, verify };
}

function isInside(path: string): boolean {
  return !/[\\:]|^-/.test(path) && path.split('/').every((part) => !['', '.', '..'].includes(part));
}
