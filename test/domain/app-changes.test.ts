import assert from 'node:assert/strict';
import test from 'node:test';
import {
  describeChange,
  planAppChanges,
  takenNames,
  type AppEntry,
  type AppFacts,
} from '../../src/domain/app-changes.js';
import { appName, type AppDefinition } from '../../src/domain/app-definition.js';

function app(name: string, more: AppDefinition = {}): AppDefinition {
  return { name, script: 'app.js', ...more };
}

function entry(name: string, more: Partial<AppEntry> = {}): AppEntry {
  return { name, stopped: false, env: {}, ...more };
}

function facts(more: Partial<AppFacts>): AppFacts {
  const ours = { former: null, wanted: null };
  return { former: [], wanted: [], entries: [], ours, shell: { PATH: '/bin' }, ...more };
}

/** The changes as words: `+api`, `-old`, `web*`, `blue>green`. */
function wordsOf(given: Partial<AppFacts>): string[] {
  return planAppChanges(facts(given)).changes.map((change) => {
    if (change.kind !== 'recreate') return `${change.kind === 'add' ? '+' : '-'}${change.name}`;
    return change.instead === change.name ? `${change.name}*` : `${change.instead}>${change.name}`;
  });
}

const [web, api, old] = [app('web'), app('api', { script: 'api.js' }), app('old', { script: 'old.js' })];

const TABLE: readonly [string, Partial<AppFacts>, readonly string[]][] = [
  ['nothing changed', { former: [web], wanted: [web], entries: [entry('web')] }, []],
  [
    'the order of keys',
    {
      former: [app('web', { env: { A: 1, B: 2 } })],
      wanted: [app('web', { env: { B: 2, A: 1 } })],
      entries: [entry('web')],
    },
    [],
  ],
  ['an app is added', { former: [web], wanted: [web, api], entries: [entry('web')] }, ['+api']],
  [
    'an app is removed',
    { former: [web, old], wanted: [web], entries: [entry('web'), entry('old')] },
    ['-old'],
  ],
  [
    'a stopped app is removed',
    { former: [web, old], wanted: [web], entries: [entry('web'), entry('old', { stopped: true })] },
    ['-old'],
  ],
  [
    'an app is defined anew',
    { former: [web], wanted: [app('web', { instances: 'max' })], entries: [entry('web')] },
    ['web*'],
  ],
  [
    'an app changes its name',
    { former: [web], wanted: [app('shop')], entries: [entry('web')] },
    ['web>shop'],
  ],
  [
    'the most alike is the one that changed its name',
    {
      former: [app('blue', { env: { PORT: 1 } }), web],
      wanted: [app('new', { env: { PORT: 2 } }), app('green', { env: { PORT: 1 } }), web],
      entries: [entry('blue'), entry('web')],
    },
    ['blue>green', '+new'],
  ],
  [
    'another program is no change of name',
    { former: [web, old], wanted: [web, api], entries: [entry('web'), entry('old')] },
    ['+api', '-old'],
  ],
  [
    'without a former file nothing is deleted',
    { former: null, wanted: [web, api], entries: [entry('web'), entry('mine')] },
    ['+api'],
  ],
  [
    'without a file of its own a release says nothing',
    { former: [web], wanted: null, entries: [entry('web')] },
    [],
  ],
  ['a file without apps says nothing', { former: [web], wanted: [], entries: [entry('web')] }, []],
  ['where nothing runs, all is started elsewhere', { former: [web], wanted: [web, api], entries: [] }, []],
  [
    'a release of which nothing would run',
    { former: [web, api], wanted: [api], entries: [entry('web')] },
    [],
  ],
  ["a person's own app stays", { former: [web], wanted: [web], entries: [entry('web'), entry('mine')] }, []],
  [
    'an app that was started by hand before it was named',
    { former: [web], wanted: [web, api], entries: [entry('web'), entry('api')] },
    [],
  ],
  [
    'an app that was deleted by hand',
    { former: [web, api], wanted: [web, app('api', { args: 'x' })], entries: [entry('web')] },
    [],
  ],
  [
    'an app that was stopped by hand',
    {
      former: [web, api],
      wanted: [app('web', { args: 'x' }), api],
      entries: [entry('web', { stopped: true }), entry('api')],
    },
    [],
  ],
  [
    'processes that bear other names than the file',
    { former: [web], wanted: [web, api], entries: [entry('shop')] },
    [],
  ],
  [
    'an app that only the former file calls its own',
    {
      former: [web, api],
      wanted: [web, api],
      entries: [entry('web'), entry('api')],
      ours: { former: null, wanted: ['web'] },
    },
    [],
  ],
  [
    'an app that the release does not call its own',
    {
      former: [web],
      wanted: [web, api],
      entries: [entry('web')],
      ours: { former: ['web'], wanted: ['web'] },
    },
    [],
  ],
  [
    'a name that stands twice',
    { former: [web, web], wanted: [web, app('web', { args: 'x' })], entries: [entry('web')] },
    [],
  ],
];

for (const [name, given, expected] of TABLE) {
  test(`app changes: ${name}`, () => {
    assert.deepEqual(wordsOf(given), expected);
  });
}

/** What is started instead of the one app that runs. */
function restarted(
  former: AppDefinition,
  wanted: AppDefinition,
  entries: readonly AppEntry[],
): AppDefinition {
  const [change] = planAppChanges(facts({ former: [former], wanted: [wanted], entries })).changes;
  if (change?.kind !== 'recreate') throw new Error(`not recreated: ${JSON.stringify(change)}`);
  return { ...change.app, inherits: change.env };
}

test('the environment stays what it was but for what the file changed', () => {
  const had = { A: 'by hand', B: '1', C: '1', PATH: '/mine', OWN: 'x', unique_id: 'u', web: '{}' };
  const started = restarted(
    app('web', { env: { A: 'file', B: 1, C: 1, PATH: '/file' } }),
    app('web', { env: { A: 'file', B: 2, D: { deep: 1 } } }),
    [entry('web', { env: had })],
  );
  assert.deepEqual(started['env'], { A: 'by hand', B: '2', D: '{"deep":1}' });
  assert.deepEqual(started['inherits'], { OWN: 'x', PATH: '/bin' });
});

test('what was started by --env production keeps it and gets its changes', () => {
  const production = (more: object): AppDefinition => ({
    env: { NODE_ENV: 'development' },
    env_production: { NODE_ENV: 'production', ...more },
  });
  const had = [entry('web', { env: { NODE_ENV: 'production', LOG: 'a' } })];
  const former = app('web', production({ LOG: 'a' }));
  assert.deepEqual(restarted(former, app('web', production({ LOG: 'b' })), had)['env'], {
    NODE_ENV: 'production',
    LOG: 'b',
  });
  assert.deepEqual(restarted(former, app('web', { ...production({ LOG: 'a' }), args: 'x' }), had)['env'], {
    NODE_ENV: 'production',
    LOG: 'a',
  });
  const unlike = [entry('web', { env: { NODE_ENV: 'development' } })];
  assert.deepEqual(
    wordsOf({ former: [former], wanted: [app('web', production({ LOG: 'b' }))], entries: unlike }),
    [],
  );
});

test('`pm2 scale` counts on until the file itself changes the number', () => {
  const three = ['web', 'web', 'web'].map((name) => entry(name));
  const cases: [AppDefinition, AppDefinition, AppDefinition][] = [
    [{ instances: 2 }, { instances: 2, args: 'x' }, { instances: 3 }],
    [{ instances: 2 }, { instances: 4 }, { instances: 4 }],
    [{}, { args: 'x' }, { instances: 3, exec_mode: 'fork' }],
    [{ exec_mode: 'cluster' }, { exec_mode: 'cluster', args: 'x' }, { instances: 3, exec_mode: 'cluster' }],
  ];
  for (const [former, wanted, expected] of cases) {
    const { instances, exec_mode: mode } = restarted(app('web', former), app('web', wanted), three);
    assert.deepEqual({ instances, ...(mode === undefined ? {} : { exec_mode: mode }) }, expected);
  }
  assert.equal('instances' in restarted(web, app('web', { args: 'x' }), [entry('web')]), false);
});

test('changes are told in one line, by the keys and never by their values', () => {
  const former = app('web', { env: { SECRET: 'hunter1' } });
  const { changes } = planAppChanges(
    facts({
      former: [former],
      wanted: [app('web', { env: { SECRET: 'hunter2' } })],
      entries: [entry('web')],
    }),
  );
  assert.deepEqual(changes.map(describeChange), ['web is defined anew: env.SECRET']);
  const { remarks } = planAppChanges(
    facts({
      former: [former, api],
      wanted: [web, api],
      entries: [entry('web', { stopped: true }), entry('api')],
    }),
  );
  assert.match(remarks.join(), /^web is stopped and stays so.*env\.SECRET/);
});

test('only what is started needs its name for itself', () => {
  const { changes } = planAppChanges(
    facts({ former: [web, old], wanted: [web, api], entries: [entry('web'), entry('old')] }),
  );
  assert.deepEqual(takenNames(changes, ['web', 'api', 'old']), ['api']);
});

test("an app's name is its own, or its script's without the ending", () => {
  const names = [
    { name: 'web', script: 'x.js' },
    { script: './dist/main.cjs' },
    { script: 'C:\\srv\\run' },
    { script: '.hidden' },
  ];
  assert.deepEqual(names.map(appName), ['web', 'main', 'run', '.hidden']);
});

test('whatever the files and the list are: only what the former file named goes, and what comes is in the new one', () => {
  const pool = ['a', 'b', 'c'];
  const subsets = (items: readonly string[]): string[][] =>
    items.reduce<string[][]>((all, item) => [...all, ...all.map((some) => [...some, item])], [[]]);
  const apps = (some: readonly string[], args: string): AppDefinition[] =>
    some.map((name) => app(name, { args }));
  for (const before of subsets(pool))
    for (const after of subsets(pool))
      for (const running of subsets([...pool, 'mine']))
        for (const args of ['same', 'other']) {
          const entries = running.map((name) => entry(name));
          const { changes } = planAppChanges(
            facts({ former: apps(before, 'same'), wanted: apps(after, args), entries }),
          );
          const gone = changes.flatMap((change) =>
            change.kind === 'remove' ? change.name : change.kind === 'recreate' ? change.instead : [],
          );
          const come = changes.flatMap((change) => (change.kind === 'remove' ? [] : change.name));
          const left = new Set([...running.filter((name) => !gone.includes(name)), ...come]);
          assert.ok(gone.every((name) => before.includes(name) && running.includes(name)));
          assert.ok(come.every((name) => after.includes(name)));
          assert.equal(new Set(come).size, come.length);
          assert.ok(running.length === 0 || left.size > 0, 'something always runs');
          assert.ok(!running.includes('mine') || left.has('mine'));
        }
});
