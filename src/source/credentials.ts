import { GitOpsError } from '../domain/errors.js';
import type { Env } from '../os/env.js';
import { readPlainFile } from '../os/files.js';
import type { Credentials } from '../config/remote.js';

/** What is to be let into, and by which credentials. */
interface Door {
  readonly repository: string;
  readonly credentials: Credentials | null;
}

/** The clean environment, and the variables that credentials may name. */
interface Keyring {
  readonly env: Env;
  readonly secretEnv: Env;
}

/** The environment that lets git in, the same as basic auth for whoever asks without git, and the secrets that no output may show. */
export interface Access {
  readonly env: Env;
  readonly basic: string | null;
  readonly secrets: readonly string[];
}

/**
 * Lets git into an http(s) repository by a header for its own host. Redirects are not followed with it: to git, whatever they lead to is that host.
 * It goes by environment, never by arguments, which every local user can list. Without credentials, and for ssh and files, the user's
 * own git configuration, helpers and keys do their work.
 */
export async function openAccess(
  { repository, credentials }: Door,
  { env, secretEnv }: Keyring,
): Promise<Access> {
  if (credentials === null || !/^https?:\/\//i.test(repository)) return { env, basic: null, secrets: [] };
  const secret = await readSecret(credentials, secretEnv);
  const basic = Buffer.from(`${credentials.username}:${secret}`).toString('base64');
  const { origin } = new URL(repository);
  // Git sends the header along to wherever it was redirected to.
  const still = withGitConfig(env, `http.${origin}/.followRedirects`, 'false');
  const opened = withGitConfig(still, `http.${origin}/.extraHeader`, headerOf(basic));
  return { env: opened, basic, secrets: formsOf(secret, basic) };
}

/** As which a secret may come back: a server, or a program, may quote what it was sent. */
function formsOf(secret: string, basic: string): string[] {
  const others = [encodeURIComponent(secret), Buffer.from(secret).toString('base64')];
  return [...new Set([secret, basic, ...others])];
}

/** The header that lets in. */
export function headerOf(basic: string): string {
  return `Authorization: Basic ${basic}`;
}

/** Reads a secret where it is; `key` names the place of the configuration that says where. Throws `SOURCE_REFUSED` where there is none. */
export async function readSecret(
  { from }: Pick<Credentials, 'from'>,
  env: Env,
  key = 'credentials',
): Promise<string> {
  const secret = 'env' in from ? env[from.env] : await readSecretFile(from.file, key);
  if (secret !== undefined && secret !== '') return secret;
  throw 'env' in from
    ? new GitOpsError('SOURCE_REFUSED', `${key}: the environment variable ${from.env} is not set`, {
        hint: `set ${from.env} for the process that polls, or name a file under ${key}`,
      })
    : new GitOpsError('SOURCE_REFUSED', `${key}: ${from.file} is empty`, {
        hint: `write the token into ${from.file}, readable by this user only`,
      });
}

async function readSecretFile(path: string, key: string): Promise<string> {
  try {
    return (await readPlainFile(path)).toString('utf8').trim();
  } catch (cause) {
    throw new GitOpsError('SOURCE_REFUSED', `${key}: cannot read ${path}`, {
      cause,
      hint: `write the token into ${path}, readable by this user only`,
    });
  }
}

// git-config(1): GIT_CONFIG_COUNT, GIT_CONFIG_KEY_<n>, GIT_CONFIG_VALUE_<n>.
function withGitConfig(env: Env, key: string, value: string): Env {
  const count = Number(env['GIT_CONFIG_COUNT'] ?? '0');
  return {
    ...env,
    GIT_CONFIG_COUNT: String(count + 1),
    [`GIT_CONFIG_KEY_${count}`]: key,
    [`GIT_CONFIG_VALUE_${count}`]: value,
  };
}
