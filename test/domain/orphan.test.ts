import assert from 'node:assert/strict';
import test from 'node:test';
import {
  offspringOf,
  orphansOf,
  type Household,
  type Mark,
  type SystemProcess,
} from '../../src/domain/orphan.js';
import type { AppProcess } from '../../src/domain/process.js';

const MARK: Mark = {
  ...{ pmId: 0, startedAt: 100, name: 'web', cwd: '/srv/shop', script: '/srv/shop/a.js' },
  ...{ isModule: false, home: '/home/.pm2' },
};
const WEB: AppProcess = {
  ...{ pmId: 0, name: 'web', pid: 50, status: 'online', startedAt: 200, mode: 'fork' },
  ...{ cwd: '/srv/shop', script: '/srv/shop/a.js', isModule: false, killTimeoutMs: 1_600 },
};
const DAEMON = 10;

function processAt(pid: number, parent: number, more: Partial<SystemProcess> = {}): SystemProcess {
  return {
    pid,
    parent,
    born: `b${pid}`,
    since: 1,
    command: `p${pid}`,
    hasTerminal: false,
    mark: null,
    ...more,
  };
}

const SYSTEM = [
  processAt(1, 0),
  processAt(DAEMON, 1),
  processAt(50, DAEMON, { mark: { ...MARK, startedAt: 200 } }),
];

function household(processes: readonly SystemProcess[], more: Partial<Household> = {}): Household {
  const common = { listed: [WEB], daemon: DAEMON, noted: [], isOurs: ({ cwd }: Mark) => cwd === '/srv/shop' };
  return { ...common, processes: [...SYSTEM, ...processes], ...more };
}

test('what is an orphan of the root, and what is none', () => {
  const mark = MARK;
  const noted = [{ pid: 70, born: 'b70', of: { pmId: 0, startedAt: 100, name: 'web' } }];
  const table: [string, SystemProcess[], Partial<Household>, number[]][] = [
    ['its app has another life now', [processAt(70, 1, { mark })], {}, [70]],
    ['its app lives', [processAt(70, 1, { mark: { ...MARK, startedAt: 200 } })], {}, []],
    ['its app lives, and it knows nothing', [processAt(70, 50)], {}, []],
    [
      'its app is down',
      [processAt(70, 1, { mark: { ...MARK, startedAt: 200 } })],
      { listed: [{ ...WEB, pid: null }] },
      [70],
    ],
    ['its app was deleted', [processAt(70, 1, { mark })], { listed: [] }, [70]],
    ['another root', [processAt(70, 1, { mark: { ...MARK, cwd: '/srv/other' } })], {}, []],
    ['below a living app, from a former life', [processAt(70, 50, { mark })], {}, []],
    ['below a worker that pm2 is about to end', [processAt(60, DAEMON), processAt(70, 60, { mark })], {}, []],
    ['pm2 itself started it', [processAt(70, DAEMON, { mark })], {}, []],
    ['pm2 is the first process, orphans fall to it', [processAt(70, 1, { mark })], { daemon: 1 }, [70]],
    ['noted, with an environment of its own', [processAt(70, 1)], { noted }, [70]],
    ['noted, but the pid is another one now', [processAt(70, 1, { born: 'later' })], { noted }, []],
    ['a daemon that an app had started', [processAt(70, 1, { mark })], { daemon: 70 }, []],
    [
      'a tree counts once',
      [processAt(70, 1, { mark }), processAt(71, 70, { mark }), processAt(72, 71)],
      {},
      [70],
    ],
  ];
  for (const [story, processes, more, expected] of table)
    assert.deepEqual(
      orphansOf(household(processes, more)).map(({ pid }) => pid),
      expected,
      story,
    );
});

test('an orphan tells its whole tree, and whether somebody may sit before it', () => {
  const tree = [
    processAt(70, 1, { mark: MARK }),
    processAt(71, 70),
    processAt(72, 71, { hasTerminal: true }),
  ];
  const [orphan] = orphansOf(household([...tree, processAt(80, 1)]));
  assert.deepEqual(
    orphan?.tree.map(({ pid }) => pid),
    [70, 71, 72],
  );
  assert.equal(orphan.attended, true);
  assert.deepEqual(orphan.of, { pmId: 0, startedAt: 100, name: 'web' });
});

test('what lives below a process is noted, the process itself is not', () => {
  const below = [processAt(60, 50), processAt(61, 60), processAt(62, 1)];
  const of = { pmId: 0, startedAt: 200, name: 'web' };
  assert.deepEqual(offspringOf([{ pmId: 0, pid: 50, startedAt: 200 }], [...SYSTEM, ...below]), [
    { pid: 60, born: 'b60', of },
    { pid: 61, born: 'b61', of },
  ]);
});
