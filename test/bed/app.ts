/** How a release of the fixture app behaves. */
type Variant =
  | 'good'
  | 'crashes at start'
  | { readonly crashesAfterMs: number }
  | 'never listens'
  | 'leaves a child that serves'
  | 'embeds the agent';

/** One entry of the ecosystem file. Instance n of an app listens on `port + n`. */
export interface AppSpec {
  readonly name: string;
  readonly port: number;
  readonly mode?: 'fork' | 'cluster';
  readonly instances?: number;
  /** Further keys as pm2 has them: treekill, env, cwd, … */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** A release of the fixture app. */
export interface AppRelease {
  readonly version: string;
  readonly apps: readonly AppSpec[];
  readonly variant?: Variant;
  /** The `gitops` key of the ecosystem file. */
  readonly gitops?: Readonly<Record<string, unknown>>;
  /** Packages of the registry that the app loads; each says its own version. */
  readonly dependencies?: Readonly<Record<string, string>>;
  /** Merged into package.json last. */
  readonly manifest?: Readonly<Record<string, unknown>>;
  readonly lockfile?: string;
  /** JavaScript that runs first. */
  readonly preamble?: string;
}

/** The files of a release: a server that says who it is, its package.json and its ecosystem file. */
export function appFiles(release: AppRelease): Record<string, string> {
  const { apps, gitops = {}, variant = 'good', lockfile } = release;
  return {
    'server.cjs': serverText(release, variant),
    'package.json': packageJson(release),
    'ecosystem.config.cjs': ecosystemText({
      apps: apps.map((app) => ecosystemEntry(app, 'server.cjs')),
      gitops,
    }),
    ...(lockfile === undefined ? {} : { 'package-lock.json': lockfile }),
    '.gitignore': 'node_modules/\ndist/\n',
  };
}

/** The same app behind a build step: only `npm run build`, by a dev dependency, makes the script that pm2 runs. */
export function builtAppFiles(release: AppRelease): Record<string, string> {
  const { 'server.cjs': source = '', ...files } = appFiles({
    ...release,
    gitops: { build: 'npm run build', ...release.gitops },
    manifest: {
      scripts: { build: `${COMPILER.name} src dist` },
      devDependencies: { [COMPILER.name]: COMPILER.version },
    },
  });
  const { apps, gitops } = { gitops: { build: 'npm run build', ...release.gitops }, apps: release.apps };
  const ecosystem = ecosystemText({
    apps: apps.map((app) => ecosystemEntry(app, 'dist/server.cjs')),
    gitops,
  });
  return { ...files, 'src/server.cjs': source, 'ecosystem.config.cjs': ecosystem };
}

/** The package.json of a release, from which a registry can make a lockfile. */
export function packageJson({ dependencies = {}, manifest = {} }: AppRelease): string {
  return `${JSON.stringify({ name: 'fixture', version: '0.0.1', private: true, dependencies, ...manifest }, null, 2)}\n`;
}

/** A package that stands for a compiler: it copies one folder to another. To be published to the registry. */
export const COMPILER = {
  name: 'tiny-compiler',
  version: '1.0.0',
  manifest: { bin: { 'tiny-compiler': 'compile.cjs' } },
  files: {
    'compile.cjs':
      "#!/usr/bin/env node\nrequire('node:fs').cpSync(process.argv[2], process.argv[3], { recursive: true });\n",
  },
};

/** A package that the fixture app loads; it says its own version. */
export function dependency(
  name: string,
  version: string,
): { name: string; version: string; files: Record<string, string> } {
  return {
    name,
    version,
    files: { 'index.js': `module.exports = { version: ${JSON.stringify(version)} };\n` },
  };
}

function ecosystemText(content: unknown): string {
  return `module.exports = ${JSON.stringify(content, null, 2)};\n`;
}

function ecosystemEntry(
  { name, port, mode = 'fork', instances = 1, extra = {} }: AppSpec,
  script: string,
): object {
  return { name, script, exec_mode: mode, instances, env: { PORT: port }, ...extra };
}

function serverText({ version, dependencies = {}, preamble = '' }: AppRelease, variant: Variant): string {
  return [
    `const VERSION = ${JSON.stringify(version)};`,
    WHO,
    preamble,
    variant === 'crashes at start' ? "throw new Error('this release crashes at start');" : '',
    typeof variant === 'object' ? `setTimeout(() => process.exit(1), ${variant.crashesAfterMs});` : '',
    `const dependencies = {};`,
    ...Object.keys(dependencies).map(
      (name) => `dependencies[${JSON.stringify(name)}] = require(${JSON.stringify(name)}).version;`,
    ),
    variant === 'embeds the agent' ? AGENT : '',
    variant === 'leaves a child that serves' ? CHILD : '',
    variant === 'never listens' ? 'setInterval(() => {}, 60_000);' : SERVER,
    '',
  ].join('\n');
}

// Each start leaves a line beside the daemon's files: pm2's own counters miss some restarts.
const WHO = `
const http = require('node:http');
const port = Number(process.env.PORT) + Number(process.env.NODE_APP_INSTANCE ?? 0);
const start = { name: process.env.name, pmId: Number(process.env.pm_id), version: VERSION, pid: process.pid, at: Date.now() };
require('node:fs').appendFileSync(process.env.PM2_HOME + '/starts.jsonl', JSON.stringify(start) + '\\n');`;

const SERVER = `
const server = http.createServer(async (request, response) => {
  response.setHeader('connection', 'close');
  if (request.url === '/check') await globalThis.agent.check();
  response.end(JSON.stringify({ version: VERSION, pid: process.pid, dependencies }));
});
server.on('error', (error) => { if (error.code === 'EADDRINUSE') setInterval(() => {}, 60_000); else throw error; });
server.listen(port, '127.0.0.1', () => process.send?.('ready'));
process.on('SIGINT', () => server.close(() => process.exit(0)));`;

const AGENT = `
import('pm2-gitops').then(({ startAgent }) => { globalThis.agent = startAgent({ root: process.env.BED_ROOT ?? __dirname }); });`;

// The child outlives its parent where pm2 does not kill trees, and answers on a port of its own.
const CHILD = `
const answer = JSON.stringify({ version: VERSION, pid: 0, dependencies: {} });
const childText = 'require("node:http").createServer((_, response) => response.end(process.argv[2])).listen(Number(process.argv[1]), "127.0.0.1")';
require('node:child_process').spawn(process.execPath, ['-e', childText, String(port + 9), answer], { detached: true, stdio: 'ignore' }).unref();`;
