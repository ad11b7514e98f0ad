import { appendFileSync } from 'node:fs';
import { systemClock } from '../../src/os/clock.js';
import { stageRelease, type StageRequest } from '../../src/workspace/stage.js';
import { parseReleaseConfig } from '../../src/config/release.js';
import { releaseOf } from './bench.js';

// One staging, to be killed somewhere on the way: `stage-program.js ROOT STATE URL TAG COMMIT LEDGER`. Its environment is that of its commands.
const [root = '', state = '', url = '', tag = '', commit = '', ledger = ''] = process.argv.slice(2);
const env = Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? '']));
const request: StageRequest = {
  strategy: 'releases',
  root,
  state,
  runId: 'run-1',
  release: releaseOf(tag, commit),
  remote: { url, env: {} },
  shallow: true,
  seed: null,
  base: null,
  env,
  hookEnv: {},
  gitMs: 60_000,
};
await stageRelease(request, {
  signal: new AbortController().signal,
  clock: systemClock(),
  report: { step: () => undefined, output: () => undefined },
  children: {
    add: (pid) => {
      appendFileSync(ledger, `${pid}\n`);
    },
    remove: () => undefined,
  },
  parseConfig: parseReleaseConfig,
});
