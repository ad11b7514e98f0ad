import type { TestContext } from 'node:test';
import type { Root } from '../../src/agent/root.js';
import { RunReport, type Workplace } from '../../src/agent/workplace.js';
import { parseMachineConfig } from '../../src/config/machine.js';
import { systemClock } from '../../src/os/clock.js';
import { makePrivateFolder } from '../../src/os/files.js';
import { openChildLedger } from '../../src/state/children.js';
import { layoutOf } from '../../src/state/layout.js';
import { ownFolder } from '../folder.js';

/** A root of the test's own, with a configuration and a machine id as given. */
export async function ownRoot(context: TestContext, config: object = {}, id = 'a-machine'): Promise<Root> {
  const layout = layoutOf(await ownFolder(context));
  await makePrivateFolder(layout.state);
  const written = { repository: 'https://h/a.git', ...config };
  return {
    layout,
    config: parseMachineConfig(written, { origin: 'gitops.json', strategy: 'releases' }),
    machine: { id, createdAt: 1 },
    host: {
      ...{ background: false, clock: systemClock(), env: {}, secretEnv: {}, platform: process.platform },
      ...{ pm2Home: '/nowhere', hostName: 'vps-07', zone: 'UTC', chance: () => 0.5 },
    },
  };
}

/** What a worker in such a root works with. */
export async function ownPlace(context: TestContext, config: object = {}): Promise<Workplace> {
  const root = await ownRoot(context, config);
  return {
    root,
    order: {
      ...{ root: root.layout.root, run: 'r', cause: 'schedule', to: null },
      ...{ impatient: false, hurried: false, answer: false, startPm2: false },
    },
    signal: new AbortController().signal,
    children: openChildLedger(root.layout.children, root.layout.reserve),
    report: new RunReport(root),
    brought: new Map(),
  };
}
