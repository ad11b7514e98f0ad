import { realpath } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import * as v from 'valibot';
import type { Env } from '../os/env.js';
import { readTextIfAny } from '../os/files.js';

const Package = v.pipe(v.string(), v.parseJson(), v.object({ name: v.literal('pm2'), version: v.string() }));

/** The version of the pm2 that a person of this environment calls; null where there is none. It is read, not asked: pm2 itself may start a daemon. */
export async function installedVersion(env: Env, platform: NodeJS.Platform): Promise<string | null> {
  const paths = Object.entries(env).find(([name]) => name.toUpperCase() === 'PATH')?.[1] ?? '';
  for (const folder of paths.split(delimiter).filter((each) => each !== '')) {
    const version = await versionAt(await packageOf(folder, platform));
    if (version !== null) return version;
  }
  return null;
}

/** The folder of the package to which `pm2` in a folder of PATH leads; null where there is none. */
async function packageOf(folder: string, platform: NodeJS.Platform): Promise<string | null> {
  // npm's pm2.cmd stands beside the node_modules that it calls.
  if (platform === 'win32') return join(folder, 'node_modules', 'pm2');
  return realpath(join(folder, 'pm2')).then(
    (script) => dirname(dirname(script)),
    () => null,
  );
}

async function versionAt(folder: string | null): Promise<string | null> {
  if (folder === null) return null;
  const text = await readTextIfAny(join(folder, 'package.json')).catch(() => null);
  const parsed = v.safeParse(Package, text);
  return parsed.success ? parsed.output.version : null;
}
