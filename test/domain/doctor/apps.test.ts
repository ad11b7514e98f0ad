import assert from 'node:assert/strict';
import test from 'node:test';
import { judgeTraits, type AppTraits } from '../../../src/domain/doctor/apps.js';
import { told } from './table.js';

const APP: AppTraits = {
  ...{ pmId: 0, name: 'web', pid: 10, mode: 'fork', treekill: true, treePids: [], cwd: '/srv/shop/current' },
  ...{
    script: '/srv/shop/current/web.js',
    interpreter: '/usr/bin/node',
    autorestart: true,
    maxRestarts: null,
  },
  ...{ stopExitCodes: [], watches: false, waitsReady: false, envNames: ['PORT', 'NODE_ENV'] },
};

/** How pm2 runs an app, and what that is a trap for; null: for nothing. */
const TRAPS: [Partial<AppTraits>, string | null][] = [
  [{}, null],
  [{ treekill: false }, null],
  [{ treekill: false, treePids: [10] }, null],
  [
    { treekill: false, treePids: [8, 9] },
    'problem apps.treekill-changed: web: treekill was switched off while it ran',
  ],
  [{ treePids: [8, 9] }, null],
  [{ script: '/usr/bin/npm' }, null],
  [{ treekill: false, script: '/usr/bin/npm' }, 'problem apps.wrapper: web: a wrapper stands between'],
  [{ treekill: false, script: 'C:\\nodejs\\npm.cmd' }, 'problem apps.wrapper'],
  [{ treekill: false, script: '/usr/lib/node_modules/npm/bin/npm-cli.js' }, 'problem apps.wrapper'],
  [{ treekill: false, script: '/srv/run.sh' }, 'problem apps.wrapper'],
  [{ treekill: false, script: '/srv/run', interpreter: '/bin/bash' }, 'problem apps.wrapper'],
  [{ treekill: false, script: '/srv/npm-report.js' }, null],
  [{ watches: true }, 'problem apps.watch: web: pm2 watches its files'],
  [{ autorestart: false }, 'warning apps.restarts: web: autorestart is false'],
  [{ maxRestarts: 0 }, 'warning apps.restarts: web: max_restarts below 1'],
  [{ stopExitCodes: [1] }, 'ok apps.restarts: web: pm2 leaves it stopped after some exit codes → see'],
  [
    { envNames: ['PORT', 'watch', 'max_restarts'] },
    'warning apps.env-options: web: pm2 takes watch, max_restarts of its environment',
  ],
  [{ envNames: ['WATCH', 'NAME'] }, null],
  [{ mode: 'cluster' }, 'ok apps.wait-ready: web: a worker counts as ready before it listens'],
  [{ mode: 'cluster', waitsReady: true }, null],
];

test('doctor judges how pm2 runs the apps: each trap is told once for an app, and nothing beside it', () => {
  for (const [traits, tells] of TRAPS) {
    const checks = judgeTraits([
      { ...APP, ...traits },
      { ...APP, ...traits, pmId: 1, pid: 10 },
    ]);
    const found = checks.filter(({ mend }) => mend !== null);
    assert.equal(found.length, tells === null ? 0 : 1, `${JSON.stringify(traits)}: ${told(checks)}`);
    if (tells !== null) assert.ok(told(found).startsWith(tells), told(found));
    assert.equal(new Set(checks.map(({ id }) => id)).size, 6);
  }
});
