import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { GithubConfig } from '../../config/github.js';
import { GitOpsError } from '../../domain/errors.js';
import type { Env } from '../../os/env.js';
import { readSecret } from '../credentials.js';
import type { GithubKey } from './line.js';

/** The key that the configuration means, and the secrets that no output may show. Throws `SOURCE_REFUSED` where it cannot be had. */
export async function readKey(
  { rights }: Pick<GithubConfig, 'rights'>,
  secretEnv: Env,
): Promise<{ readonly key: GithubKey; readonly secrets: readonly string[] }> {
  if (rights.kind === 'none') return { key: rights, secrets: [] };
  if (rights.kind === 'token') {
    const token = await readSecret(rights, secretEnv, 'github.token');
    return { key: { kind: 'token', token }, secrets: [token] };
  }
  const { app, installation, keyFile } = rights;
  const pem = await readPem(keyFile);
  return { key: { kind: 'app', app, installation, pem }, secrets: pem.split('\n').filter(isSecret) };
}

async function readPem(path: string): Promise<string> {
  try {
    const pem = await readFile(path, 'utf8');
    if (createPrivateKey(pem).asymmetricKeyType === 'rsa') return pem;
  } catch (cause) {
    throw unfit(path, cause);
  }
  throw unfit(path);
}

/** Lines of a key, not the words around it. */
function isSecret(line: string): boolean {
  return line.length > 20 && !line.startsWith('-----');
}

function unfit(path: string, cause?: unknown): GitOpsError {
  return new GitOpsError(
    'SOURCE_REFUSED',
    `github.app.keyFile: ${path} is no RSA private key that can be read`,
    {
      cause,
      hint: `put the private key of the GitHub App (a .pem file) into ${path}, readable by this user only`,
    },
  );
}
