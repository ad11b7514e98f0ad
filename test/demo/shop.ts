import * as v from 'valibot';

/** The files of a release, by path. */
export type Files = Readonly<Record<string, string>>;

/** An app of the demo: its name as pm2 has it, its instances, its first port. */
export interface ShopApp {
  readonly name: string;
  readonly mode: 'fork' | 'cluster';
  readonly instances: number;
  readonly port: number;
}

/** The folder into which the shop's processes write what they did, by this variable. */
export const TRACES = 'PM2_GITOPS_DEMO_TRACES';

/** What a process of the shop writes when it starts, before it may crash. */
export const StartSchema = v.object({
  name: v.string(),
  pmId: v.number(),
  pid: v.number(),
  port: v.number(),
  version: v.string(),
  at: v.number(),
});

/** A start of a process. */
export type Start = v.InferOutput<typeof StartSchema>;

/** What a process writes when the agent that lives in it found something to do. */
export const FindSchema = v.object({ name: v.string(), pmId: v.number(), pid: v.number(), at: v.number() });

/** A find. */
export type Find = v.InferOutput<typeof FindSchema>;

/** What `/version` answers. */
export const AnswerSchema = v.object({ version: v.string(), pid: v.number() });

/** The apps: five plain processes in which the agent lives, and two workers of a cluster that know nothing of it. */
export function shopApps(port: number): readonly ShopApp[] {
  return [
    { name: 'web', mode: 'fork', instances: 5, port },
    { name: 'edge', mode: 'cluster', instances: 2, port: port + 5 },
  ];
}

/** How many processes the apps have. */
export function instancesOf(apps: readonly ShopApp[]): number {
  return apps.reduce((count, { instances }) => count + instances, 0);
}

/** The first release, whole. */
export function firstRelease(apps: readonly ShopApp[]): Files {
  return {
    ...version('1.0.0'),
    'ecosystem.config.cjs': `module.exports = ${JSON.stringify({ apps: apps.map(entryOf), gitops: GITOPS }, null, 2)};\n`,
    'web.cjs': WEB,
    'edge.cjs': "require('./server.cjs').serve(Number(process.env.PORT));\n",
    'server.cjs': SERVER,
  };
}

/** A release in which only the version differs. */
export function version(number: string): Files {
  return {
    'package.json': `${JSON.stringify({ name: 'shop', version: number, private: true }, null, 2)}\n`,
  };
}

/** A release that loads a file which nobody committed: it crashes at start. */
export function withoutItsFile(number: string): Files {
  return {
    ...version(number),
    'server.cjs': SERVER.replace(PAYMENTS_HERE, "require('./payments.cjs').open();"),
  };
}

/** The release that brings the forgotten file. */
export function withItsFile(number: string): Files {
  return { ...version(number), 'payments.cjs': 'exports.open = () => undefined;\n' };
}

// Two seconds are the default; a demo's app lives or dies at once.
const GITOPS = { health: { settle: '1s', timeout: '5s' } };
const PAYMENTS_HERE = '// payments come later';
const PRODUCT = new URL('../../src/index.js', import.meta.url);

function entryOf({ name, mode, instances, port }: ShopApp): object {
  return { name, script: `${name}.cjs`, exec_mode: mode, instances, env: { PORT: port } };
}

const SERVER = `const { appendFileSync } = require('node:fs');
const { createServer } = require('node:http');
const { join } = require('node:path');

const version = 'v' + require('./package.json').version;
const { name, pm_id: pmId } = process.env;

exports.trace = (file, facts = {}) => {
  const line = { name, pmId: Number(pmId), pid: process.pid, at: Date.now(), ...facts };
  appendFileSync(join(process.env.${TRACES}, file), JSON.stringify(line) + '\\n');
};

exports.serve = (port) => {
  exports.trace('starts.jsonl', { port, version });
  ${PAYMENTS_HERE}
  const server = createServer((request, response) => {
    response.setHeader('connection', 'close');
    response.end(JSON.stringify({ version, pid: process.pid }));
  });
  server.listen(port, '127.0.0.1');
  process.on('SIGINT', () => server.close(() => process.exit(0)));
};
`;

// A customer imports 'pm2-gitops'; the demo imports what was just built.
const WEB = `const { serve, trace } = require('./server.cjs');

serve(Number(process.env.PORT) + Number(process.env.NODE_APP_INSTANCE));

import(${JSON.stringify(PRODUCT.href)}).then(({ startAgent }) => {
  const agent = startAgent({ root: __dirname });
  agent.on('polled', (what) => what === 'launched' && trace('finds.jsonl'));
  agent.on('problem', (problem) => console.error(problem));
});
`;
