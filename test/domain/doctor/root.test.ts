import type { Channel } from '../../../src/domain/channel.js';
import { judgeExclude, judgeOwnership, judgeTree } from '../../../src/domain/doctor/checkout.js';
import { judgeOrders } from '../../../src/domain/doctor/orders.js';
import { judgeSinks } from '../../../src/domain/doctor/sinks.js';
import { judgeLeftovers, judgeLocks, judgeRecords, judgeRights } from '../../../src/domain/doctor/state.js';
import { NO_ORDERS } from '../../../src/domain/orders.js';
import { judgeTable } from './table.js';

const DAY_MS = 86_400_000;
const NOW = Date.parse('2026-11-24T12:00:00Z');
const PINNED = {
  release: { tag: 'v1.0.0', commit: 'a'.repeat(40), ref: null },
  since: NOW - 40 * DAY_MS,
  until: null,
};
const STABLE: Channel = { kind: 'stable' };

judgeTable({
  'what of a release plain git does not bring': [
    { of: judgeTree({ submodules: false, lfs: false, shallow: false }), tells: 'ok root.checkout' },
    {
      of: judgeTree({ submodules: true, lfs: true, shallow: true }),
      tells: 'problem root.checkout: it has submodules',
    },
    {
      of: judgeTree({ submodules: false, lfs: true, shallow: false }),
      tells: 'problem root.checkout: some files lie in LFS',
    },
    {
      of: judgeTree({ submodules: false, lfs: false, shallow: true }),
      tells: 'ok root.checkout: its history is shallow',
    },
    { of: judgeTree(null), tells: 'skipped root.checkout' },
  ],
  'whose a checkout is, and what its status shows': [
    { of: judgeOwnership('/srv', { plain: true, trusted: true }), tells: 'ok root.ownership' },
    {
      of: judgeOwnership('/srv', { plain: false, trusted: true }),
      tells: "warning root.ownership: git refuses /srv as somebody else's",
    },
    {
      of: judgeOwnership('/srv', { plain: false, trusted: false }),
      tells: 'problem root.ownership: git does not work in /srv',
    },
    { of: judgeOwnership('/srv', null), tells: 'skipped root.ownership' },
    { of: judgeExclude([]), tells: 'ok root.exclude' },
    {
      of: judgeExclude(['/.pm2-gitops/']),
      tells:
        'warning root.exclude: .git/info/exclude lacks /.pm2-gitops/: git status shows what is ours, git clean removes it → add /.pm2-gitops/ to it (exclude)',
    },
    { of: judgeExclude(null), tells: 'skipped root.exclude' },
  ],
  'records, rights, leftovers, locks': [
    { of: judgeRecords([{ path: '/j', is: 'whole' }]), tells: 'ok root.records: 1 can be read' },
    {
      of: judgeRecords([{ path: '/j', is: 'torn' }]),
      tells: 'warning root.records: /j has lines that say nothing',
    },
    {
      of: judgeRecords([{ path: '/j', is: 'unreadable' }]),
      tells: 'problem root.records: /j cannot be read',
    },
    {
      of: judgeRecords([{ path: '/j', is: 'newer' }]),
      tells: 'problem root.records: /j was written by a newer',
    },
    {
      of: judgeRecords([{ path: '/j', is: 'aside' }]),
      tells: 'warning root.records: /j could not be read and was put aside',
    },
    { of: judgeRights([]), tells: 'ok root.state-rights' },
    {
      of: judgeRights(['/s']),
      tells: 'warning root.state-rights: /s may be read or written by others → chmod go-rwx /s (close)',
    },
    { of: judgeLeftovers([]), tells: 'ok root.leftovers' },
    {
      of: judgeLeftovers(['/a', '/b', '/c', '/d', '/e']),
      tells: 'warning root.leftovers: /a, /b, /c and 2 more',
    },
    { of: judgeLocks([]), tells: 'ok root.git-locks' },
    { of: judgeLocks(['/x/index.lock']), tells: 'warning root.git-locks: /x/index.lock: a killed git' },
  ],
  'who is to hear of the machine': [
    { of: judgeSinks([]), tells: 'skipped root.notices: nobody' },
    { of: judgeSinks([{ name: 'ops', waiting: 2, error: null }]), tells: 'ok root.notices: told: ops' },
    {
      of: judgeSinks([
        { name: 'ops', waiting: 0, error: null },
        { name: 'boss', waiting: 3, error: 'the file /x is missing' },
      ]),
      tells: 'warning root.notices: boss: the file /x is missing; 3 wait → mend',
    },
  ],
  'words that somebody may have forgotten': [
    { of: judgeOrders(NO_ORDERS, STABLE, NOW), tells: 'ok policy.hold: none\nok policy.pin: none' },
    {
      of: judgeOrders(
        { ...NO_ORDERS, hold: { reason: 'fair', since: NOW - 9 * DAY_MS, until: null } },
        STABLE,
        NOW,
      ),
      tells: 'warning policy.hold: held for 9 d without an end: fair',
    },
    {
      of: judgeOrders(
        { ...NO_ORDERS, hold: { reason: null, since: NOW - 9 * DAY_MS, until: NOW + 1 } },
        STABLE,
        NOW,
      ),
      tells: 'ok policy.hold: since 9 d',
    },
    {
      of: judgeOrders({ ...NO_ORDERS, pin: PINNED }, STABLE, NOW),
      tells: 'ok policy.hold: none\nwarning policy.pin: pinned on v1.0.0 for 40 d',
    },
    {
      of: judgeOrders(NO_ORDERS, { kind: 'tag', tag: 'v1.4.2' }, NOW),
      tells:
        'ok policy.hold: none\nok policy.pin: the channel is the tag v1.4.2: no other release ever comes → meant',
    },
  ],
});
