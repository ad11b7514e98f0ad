import type { Check } from '../../../src/domain/check.js';
import { judgeBoot, parsePm2Unit, type BootUnit } from '../../../src/domain/doctor/boot.js';
import { judgeOtherDaemons, judgeUser, judgeVersions } from '../../../src/domain/doctor/daemons.js';
import { judgeEngines } from '../../../src/domain/doctor/engines.js';
import { judgeSavedList, judgeSavedSecrets, type SavedList } from '../../../src/domain/doctor/saved-list.js';
import { judgeTable } from './table.js';

const DAY_MS = 86_400_000;
const NOW = Date.parse('2026-11-24T12:00:00Z');
const SAVED = {
  name: 'web',
  script: '/srv/shop/current/web.js',
  cwd: '/srv/shop/current',
  env: { PORT: '80' },
};
const DUMP = { at: 'read', path: '/home/a/.pm2/dump.pm2', writtenAt: NOW - DAY_MS, isOpen: false } as const;
const RUNNING = { all: [SAVED], ours: [SAVED] };
const WHEN = { now: NOW, zone: 'UTC' };
const UNIT = [
  '[Service]\nUser=deploy\nEnvironment=PM2_HOME=/home/deploy/.pm2\nExecStart=/usr/lib/node_modules/pm2/bin/pm2 resurrect',
];
const HOME = { home: '/home/deploy/.pm2', user: 'deploy' };
const OTHER = { home: '/root/.pm2', pid: 99, uid: 0 };

judgeTable({
  'what pm2 would start after a reboot': [
    { of: saved({ ...DUMP, apps: [SAVED] }), tells: 'ok pm2.saved-list' },
    { of: saved({ at: 'none' }), tells: 'warning pm2.saved-list: pm2 remembers no list' },
    { of: saved({ at: 'broken', path: '/d' }), tells: 'problem pm2.saved-list: /d cannot be read' },
    {
      of: saved({ ...DUMP, apps: [] }),
      tells:
        'warning pm2.saved-list: /home/a/.pm2/dump.pm2, written 23 Nov 2026 12:00 UTC: web is not in it → pm2 save (save)',
    },
    {
      of: saved({ ...DUMP, apps: [{ ...SAVED, cwd: '/srv/shop/releases/v1' }] }),
      tells: 'web from /srv/shop/releases/v1 → pm2 save (save)',
    },
    {
      of: saved({ ...DUMP, apps: [{ ...SAVED, env: { PORT: '81' } }] }),
      tells: 'web with another PORT → pm2 save (save)',
    },
    { of: saved({ ...DUMP, apps: [SAVED, SAVED] }), tells: '2 of web instead of 1 → pm2 save (save)' },
    // What is listed no more a save would forget for good: no fix.
    { of: saved({ ...DUMP, apps: [{ ...SAVED, name: 'job' }] }), tells: 'web is not in it → pm2 save' },
    { of: saved({ ...DUMP, apps: [] }, []), tells: 'skipped pm2.saved-list' },
  ],
  'secrets in what pm2 remembers': [
    {
      of: judgeSavedSecrets({ ...DUMP, apps: [{ ...SAVED, env: { DB_PASSWORD: 'x' } }] }),
      tells: 'ok pm2.saved-secrets',
    },
    {
      of: judgeSavedSecrets({
        ...DUMP,
        isOpen: true,
        apps: [{ ...SAVED, env: { DB_PASSWORD: 'x-secret' } }],
      }),
      tells:
        'warning pm2.saved-secrets: others may read /home/a/.pm2/dump.pm2, which holds DB_PASSWORD → chmod 700 /home/a/.pm2',
    },
    { of: judgeSavedSecrets({ ...DUMP, isOpen: true, apps: [SAVED] }), tells: 'ok pm2.saved-secrets' },
    { of: judgeSavedSecrets({ at: 'none' }), tells: 'skipped pm2.saved-secrets' },
  ],
  'what starts pm2, and what a restart of its unit ends': [
    {
      of: boot(UNIT),
      tells:
        'ok pm2.startup: pm2-deploy.service\nwarning pm2.kill-mode: KillMode of pm2-deploy.service is control-group',
    },
    {
      of: boot([...UNIT, '[Service]\nKillMode=process']),
      tells: 'ok pm2.startup: pm2-deploy.service\nok pm2.kill-mode: process',
    },
    { of: boot(UNIT, false), tells: 'warning pm2.startup: pm2-deploy.service is not enabled' },
    {
      of: boot(['[Service]\nExecStart=/usr/bin/nginx']),
      tells: 'warning pm2.startup: systemd starts no pm2 of this user after a reboot\nskipped pm2.kill-mode',
    },
    {
      of: boot(UNIT.map((text) => text.replaceAll('deploy', 'another'))),
      tells: 'warning pm2.startup: systemd starts no pm2 of this user',
    },
    {
      of: judgeBoot({ at: 'unknown', why: 'a container' }, HOME),
      tells: 'skipped pm2.startup: a container\nskipped pm2.kill-mode: a container',
    },
  ],
  'other daemons, other versions, other users': [
    { of: judgeOtherDaemons([]), tells: 'ok pm2.other-daemons: none' },
    {
      of: judgeOtherDaemons([
        { ...OTHER, apps: [] },
        { ...OTHER, apps: null },
      ]),
      tells:
        'ok pm2.other-daemons: 2, and none runs anything of this root as far as they answer: nothing from /root/.pm2',
    },
    {
      of: judgeOtherDaemons([{ ...OTHER, apps: ['web'] }]),
      tells:
        'problem pm2.other-daemons: the pm2 daemon of /root/.pm2 (pid 99, uid 0) runs web from this root, too',
    },
    { of: judgeOtherDaemons(null), tells: 'skipped pm2.other-daemons' },
    { of: judgeVersions('7.0.4', '7.0.4'), tells: 'ok pm2.version' },
    {
      of: judgeVersions('7.0.4', '5.4.3'),
      tells: 'warning pm2.version: pm2 in PATH is 7.0.4, the daemon 5.4.3',
    },
    { of: judgeVersions(null, '5.4.3'), tells: 'skipped pm2.version' },
    { of: judgeUser({ own: 1000, owner: 1000 }), tells: 'ok pm2.user' },
    {
      of: judgeUser({ own: 0, owner: 1000 }),
      tells:
        "warning pm2.user: we are uid 0, the root belongs to uid 1000: another user's pm2 may be the one that runs it → work as that user: sudo -u '#1000'",
    },
    { of: judgeUser({ own: null, owner: null }), tells: 'skipped pm2.user' },
  ],
  'the Node.js of agent and daemon, against releases': [
    { of: engines('>=20'), tells: 'ok apps.engines: Node.js 22.1.0 (agent), 20.1.0 (pm2) fits >=20' },
    { of: engines('>=22'), tells: 'warning apps.engines: v2 wants Node.js >=22, the pm2 daemon has 20.1.0' },
    { of: engines('^20'), tells: 'problem apps.engines: v2 wants Node.js ^20, the agent has 22.1.0' },
    { of: engines('whatever'), tells: 'ok apps.engines: releases ask for none' },
    { of: judgeEngines({ agent: '22.1.0', daemon: null, releases: [] }), tells: 'skipped apps.engines' },
  ],
});

function unit(texts: readonly string[], isEnabled = true): BootUnit[] {
  const found = parsePm2Unit('pm2-deploy.service', { texts, isEnabled });
  return found === null ? [] : [found];
}

function boot(texts: readonly string[], isEnabled = true): Check[] {
  return judgeBoot({ at: 'known', by: 'systemd', units: unit(texts, isEnabled) }, HOME);
}

function saved(list: SavedList, ours = [SAVED]): Check {
  return judgeSavedList(list, { ...RUNNING, ours }, WHEN);
}

function engines(range: string): Check[] {
  return judgeEngines({
    agent: '22.1.0',
    daemon: '20.1.0',
    releases: [{ name: 'v2', is: 'desired', range }],
  });
}
