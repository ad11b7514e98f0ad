import type { Project } from './project.js';

/** Programs that install dependencies; Yarn 1 and its successors share a name and little else. */
export type ManagerName = 'npm' | 'pnpm' | 'yarn' | 'berry' | 'bun';

/** Who installs a release. Without a lockfile, what is installed is up to the registry and the day. */
export interface Manager {
  readonly name: ManagerName;
  /** The file that pins every version; null: the release has none. */
  readonly lockfile: string | null;
}

/** An install as data: a program, its arguments, and what it adds to the environment. */
export interface InstallCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const LOCKFILES: readonly (readonly [string, 'npm' | 'pnpm' | 'yarn' | 'bun'])[] = [
  // npm itself prefers the shrinkwrap.
  ['npm-shrinkwrap.json', 'npm'],
  ['package-lock.json', 'npm'],
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
];

// CI: pnpm asks nobody before it removes a modules folder; all of them print for logs.
// Corepack would ask whether it may download the manager that package.json names.
const UNATTENDED = { CI: 'true', COREPACK_ENABLE_DOWNLOAD_PROMPT: '0', npm_config_update_notifier: 'false' };

/** The manager that the lockfile names; `packageManager` of package.json decides among several. Null: nothing to install. */
export function chooseManager({ names, packageJson }: Project): Manager | null {
  if (packageJson === null) return null;
  const named = /^(npm|pnpm|yarn|bun)@(\d+)?/.exec(packageJson.packageManager ?? '');
  const found = LOCKFILES.filter(([file]) => names.has(file));
  const [lockfile, name] = found.find(([, manager]) => manager === named?.[1]) ??
    found[0] ?? [null, named?.[1] ?? 'npm'];
  if (name !== 'yarn') return { name: toName(name), lockfile };
  const modern = names.has('.yarnrc.yml') || (named?.[1] === 'yarn' && Number(named[2] ?? 1) > 1);
  return { name: modern ? 'berry' : 'yarn', lockfile };
}

/** The install that changes no tracked file and takes exactly what is locked; with development dependencies if asked. */
export function installCommand({ name, lockfile }: Manager, dev: boolean): InstallCommand {
  return COMMANDS[name](lockfile !== null, dev);
}

/** What npm is told when its `ci` refuses a lockfile that older versions of it wrote and accept. */
export function lenientNpmCommand(dev: boolean): InstallCommand {
  return npm(['install', '--no-save'], dev);
}

const COMMANDS: Readonly<Record<ManagerName, (locked: boolean, dev: boolean) => InstallCommand>> = {
  npm: (locked, dev) => npm(locked ? ['ci'] : ['install', '--no-save', '--no-package-lock'], dev),
  pnpm: (locked, dev) => {
    const lock = locked ? '--frozen-lockfile' : '--no-lockfile';
    // Hard links into pnpm's store would let a write in one release reach all others.
    const settings = ['--config.package-import-method=clone-or-copy', '--config.fetch-retries=2'];
    return {
      file: 'pnpm',
      args: ['install', lock, `--prod=${dev ? 'false' : 'true'}`, ...settings],
      env: UNATTENDED,
    };
  },
  yarn: (locked, dev) => {
    const lock = locked ? '--frozen-lockfile' : '--no-lockfile';
    const args = [
      'install',
      lock,
      '--non-interactive',
      '--no-progress',
      `--production=${dev ? 'false' : 'true'}`,
    ];
    return { file: 'yarn', args, env: UNATTENDED };
  },
  // It has no install without development dependencies.
  berry: (locked) => {
    const env = {
      ...UNATTENDED,
      YARN_ENABLE_TELEMETRY: '0',
      YARN_HTTP_RETRY: '2',
      YARN_ENABLE_PROGRESS_BARS: '0',
    };
    return { file: 'yarn', args: ['install', locked ? '--immutable' : '--no-immutable'], env };
  },
  bun: (locked, dev) => {
    const lock = locked ? '--frozen-lockfile' : '--no-save';
    return {
      file: 'bun',
      args: ['install', lock, '--backend=copyfile', ...(dev ? [] : ['--production'])],
      env: UNATTENDED,
    };
  },
};

function npm(verb: readonly string[], dev: boolean): InstallCommand {
  const kinds = dev ? '--include=dev' : '--omit=dev';
  // Its own defaults try a dead registry for two minutes and more; the next poll tries again anyway.
  const retries = ['--fetch-retries=2', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000'];
  return {
    file: 'npm',
    args: [...verb, kinds, '--no-audit', '--no-fund', '--no-progress', ...retries],
    env: UNATTENDED,
  };
}

function toName(name: string): ManagerName {
  return name === 'pnpm' || name === 'bun' ? name : 'npm';
}
