import { judgeClock, judgeDisk, judgeGit, judgeNode } from '../../../src/domain/doctor/machine.js';
import { judgePolling } from '../../../src/domain/doctor/polling.js';
import { judgeToken } from '../../../src/domain/doctor/token.js';
import { judgeTable } from './table.js';

const DAY_MS = 86_400_000;
const NOW = Date.parse('2026-11-24T12:00:00Z');
const GIB = 1024 ** 3;
const TOKEN = { kind: 'token', deploys: false, now: NOW } as const;
const POLLING = { everyMs: 300_000, repository: 'https://github.com/a/b', isAnonymous: true, machines: null };
const CLOCK = { now: NOW, server: null, newest: NOW - DAY_MS, kept: null };

judgeTable({
  'the Node.js and the git of a machine': [
    { of: judgeNode('20.19.0'), tells: 'ok machine.node: 20.19.0' },
    { of: judgeNode('18.20.4'), tells: 'problem machine.node: 18.20.4 is older than 20.19' },
    { of: judgeGit('git version 2.39.5 (Apple Git-154)'), tells: 'ok machine.git: 2.39.5' },
    { of: judgeGit('git version 2.28'), tells: 'ok machine.git: 2.28' },
    { of: judgeGit('git version 2.25.1'), tells: 'problem machine.git: 2.25.1 is older than 2.28' },
  ],
  'a disk, by bytes and by files, against what a release takes': [
    { of: judgeDisk(disk(50 * GIB, null), null), tells: 'ok machine.disk: 50.0 GiB free' },
    { of: judgeDisk(disk(1 * GIB, null), null), tells: 'warning machine.disk: 1.0 GiB free' },
    { of: judgeDisk(disk(0.2 * GIB, null), null), tells: 'problem machine.disk: 0.2 GiB free' },
    { of: judgeDisk(disk(1 * GIB, null), { bytes: 3 * GIB, files: 1 }), tells: 'problem machine.disk' },
    {
      of: judgeDisk(disk(50 * GIB, 600), { bytes: 1, files: 400 }),
      tells: 'problem machine.disk: 50.0 GiB free at /srv, and room for 600 files: ',
    },
    {
      of: judgeDisk({ at: 'readonly', path: '/srv' }, null),
      tells: 'problem machine.disk: /srv is on a read-only disk',
    },
  ],
  'a clock, by the source, our records and the system': [
    {
      of: judgeClock({ ...CLOCK, server: NOW - 900 }),
      tells: "ok machine.clock: within 1 s of the source's",
    },
    {
      of: judgeClock({ ...CLOCK, server: NOW - 90_000 }),
      tells: "warning machine.clock: 90 s ahead of the source's",
    },
    {
      of: judgeClock({ ...CLOCK, server: NOW + 3_600_000 }),
      tells: "problem machine.clock: 3600 s behind the source's",
    },
    {
      of: judgeClock({ ...CLOCK, newest: NOW + DAY_MS, server: NOW }),
      tells: 'problem machine.clock: a record is from 1 d ahead',
    },
    {
      of: judgeClock({ ...CLOCK, kept: false }),
      tells: 'warning machine.clock: the system says that nothing',
    },
    { of: judgeClock({ ...CLOCK, kept: true }), tells: 'ok machine.clock' },
    { of: judgeClock(CLOCK), tells: 'skipped machine.clock' },
  ],
  'how often a source is asked': [
    { of: judgePolling(POLLING), tells: 'ok source.poll: every 5 min' },
    {
      of: judgePolling({ ...POLLING, everyMs: 10_000 }),
      tells: 'warning source.poll: github.com is asked every 10 s as anybody',
    },
    {
      of: judgePolling({ ...POLLING, everyMs: 10_000, isAnonymous: false }),
      tells: 'ok source.poll: github.com is asked every 10 s → for more',
    },
    {
      of: judgePolling({ ...POLLING, machines: 1200 }),
      tells: 'warning source.poll: 1200 machines ask every 5 min: 4.0 times a second',
    },
    {
      of: judgePolling({ ...POLLING, everyMs: 10_000, repository: 'https://git.example/a' }),
      tells: 'ok source.poll',
    },
    {
      of: judgePolling({ ...POLLING, everyMs: 10_000, repository: 'git@github.com:a/b.git' }),
      tells: 'warning source.poll: github.com',
    },
  ],
  'a token of GitHub': [
    {
      of: judgeToken({ endsAt: NOW + 300 * DAY_MS, scopes: ['repo'] }, TOKEN),
      tells: 'ok source.github-token: lasts 300 d',
    },
    {
      of: judgeToken({ endsAt: null, scopes: null }, TOKEN),
      tells: 'ok source.github-token: GitHub tells no end',
    },
    {
      of: judgeToken({ endsAt: NOW + 2 * DAY_MS, scopes: null }, TOKEN),
      tells: 'warning source.github-token: it ends in 2 d',
    },
    {
      of: judgeToken({ endsAt: NOW - 1, scopes: null }, TOKEN),
      tells: 'problem source.github-token: it has ended',
    },
    {
      of: judgeToken({ endsAt: null, scopes: ['repo', 'admin:org'] }, TOKEN),
      tells: 'warning source.github-token: it may admin:org',
    },
    {
      of: judgeToken({ endsAt: null, scopes: ['repo:status'] }, { ...TOKEN, deploys: true }),
      tells: 'problem source.github-token: it may not tell',
    },
    {
      of: judgeToken({ endsAt: null, scopes: null }, { ...TOKEN, kind: 'none' }),
      tells: 'skipped source.github-token',
    },
  ],
});

function disk(bytes: number, files: number | null) {
  return { at: 'writable', path: '/srv', bytes, files } as const;
}
