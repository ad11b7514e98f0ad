import * as v from 'valibot';
import type { WantedChecks } from '../domain/forge.js';
import { section, text } from './forms.js';
import { shown } from './issues.js';
import type { Credentials } from './remote.js';

// What of `gitops.json` says how GitHub is asked beside git, and what for.

/** How GitHub's API is asked: where, about which repository, with whose rights, and what for. */
export interface GithubConfig {
  /** Without a slash at its end. */
  readonly api: string;
  readonly owner: string;
  readonly repo: string;
  readonly rights: GithubRights;
  /** What has to be green before a release is taken. */
  readonly checks: WantedChecks;
  /** Where the repository's page shows what this machine runs; null: nowhere. */
  readonly deployments: { readonly environment: string | null } | null;
}

/** As anybody, by a token, or as the installation of a GitHub App: where the secret is, never the secret. */
export type GithubRights =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly from: Credentials['from'] }
  | {
      readonly kind: 'app';
      readonly app: string;
      readonly installation: number;
      readonly keyFile: string;
    };

const id = v.pipe(
  v.union([text, v.pipe(v.number(), v.integer())], ({ input }) => `${shown(input)} is no id`),
  v.transform(String),
);

/** `github` as the schema of its file tells it. */
export const githubEntry = section({
  api: v.optional(text),
  repository: v.optional(text),
  token: v.optional(section({ env: v.optional(text), file: v.optional(text) })),
  app: v.optional(
    section({
      id,
      installation: v.pipe(
        v.number(),
        v.integer('must be a whole number'),
        v.minValue(1, 'must be the number at the end of the address of the installation'),
      ),
      keyFile: text,
    }),
  ),
  checks: v.optional(
    v.union([v.boolean(), v.pipe(v.array(text), v.minLength(1, 'must name a check, or be true'))]),
    false,
  ),
  deployments: v.optional(v.union([v.boolean(), section({ environment: v.optional(text) })]), false),
});

/** `github` as people write it: `true` is all of its defaults. */
export const githubForm = v.union([v.boolean(), githubEntry]);

type Written = v.InferOutput<typeof githubEntry>;

/** What else `gitops.json` says that counts here. */
interface Around {
  readonly repository: string;
  readonly credentials: Credentials | null;
}

const DEFAULTS: Written = { checks: false, deployments: false };

/** Fills in what the repository's address tells; a text is the complaint. */
export function parseGithub(
  written: boolean | Written | undefined,
  around: Around,
): GithubConfig | null | string {
  if (written === undefined || written === false) return null;
  const said = written === true ? DEFAULTS : written;
  const address = addressOf(around.repository);
  const [, owner, repo] = NAME.exec(said.repository ?? address?.path ?? '') ?? [];
  if (owner === undefined || repo === undefined)
    return said.repository === undefined
      ? `cannot tell owner and name from ${shown(around.repository)}: name them, as repository: "owner/name"`
      : `repository: ${shown(said.repository)} is no owner and name; write "owner/name"`;
  const usual = apiOf(address?.host ?? 'github.com');
  const api = (said.api ?? usual).replace(/\/+$/, '');
  if (!isSafe(api))
    return `api: ${shown(api)} is no https address such as https://git.example.com/api/v3 (http only for this machine itself)`;
  // A secret goes to the place that it was named for, and nowhere else.
  const usable = api === usual ? around.credentials : null;
  const rights = rightsOf(said, usable);
  if (typeof rights === 'string') return rights;
  return { api, owner, repo, rights, ...askedFor(said) };
}

const NAME = /^([\w.-]+)\/([\w.-]+?)(?:\.git)?$/;

function rightsOf({ token, app }: Written, credentials: Credentials | null): GithubRights | string {
  if (token !== undefined && app !== undefined) return 'must name token or app, not both';
  if (app !== undefined)
    return { kind: 'app', app: app.id, installation: app.installation, keyFile: app.keyFile };
  if (token === undefined)
    return credentials === null ? { kind: 'none' } : { kind: 'token', from: credentials.from };
  const { env, file } = token;
  if (env !== undefined && file === undefined) return { kind: 'token', from: { env } };
  if (file !== undefined && env === undefined) return { kind: 'token', from: { file } };
  return 'token: must name exactly one of env (a variable) and file (a path)';
}

function askedFor({ checks, deployments }: Written): Pick<GithubConfig, 'checks' | 'deployments'> {
  const environment = typeof deployments === 'boolean' ? null : (deployments.environment ?? null);
  return {
    checks: checks === true ? 'all' : checks === false ? 'none' : checks,
    deployments: deployments === false ? null : { environment },
  };
}

/** The host and the path of a repository's address: a URL, or the short form of ssh. Null for a path on this machine. */
function addressOf(repository: string): { host: string; path: string } | null {
  const [, scp, short] = /^(?:[^@/:]+@)?([\w.-]+):(?!\/\/)(.+)$/.exec(repository) ?? [];
  const url = URL.canParse(repository) ? new URL(repository) : null;
  const isSsh = url === null || url.protocol.includes('ssh');
  const host = url === null ? scp : isSsh ? url.hostname : url.host;
  const path = url === null ? short : url.pathname;
  if (host === undefined || host === '' || path === undefined) return null;
  return { host: host === 'ssh.github.com' ? 'github.com' : host, path: path.replace(/^\/+|\/+$/g, '') };
}

/** https://docs.github.com/en/enterprise-server/rest: of an installation of one's own it lies below the same host. */
function apiOf(host: string): string {
  return host === 'github.com' ? 'https://api.github.com' : `https://${host}/api/v3`;
}

function isSafe(api: string): boolean {
  if (!URL.canParse(api)) return false;
  const { protocol, hostname, username, password, search, hash } = new URL(api);
  const isBare = [username, password, search, hash].every((part) => part === '');
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return isBare && (protocol === 'https:' || (protocol === 'http:' && isHere));
}
