import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { requireScripts } from '../../src/workspace/app-scripts.js';
import { readEcosystem } from '../../src/workspace/ecosystem.js';
import { relocateApps } from '../../src/workspace/relocate.js';
import { Bench } from './bench.js';

describe('the ecosystem file', () => {
  let bench: Bench;
  let tree: string;
  beforeEach(async () => {
    bench = await Bench.open();
    tree = bench.path('tree');
    await bench.write({ 'package.json': '{}' }, tree);
  });
  afterEach(() => bench.close());

  it('gives apps and the gitops key, whatever it prints meanwhile', async () => {
    const text =
      "console.log('banner {}'); setInterval(() => {}, 1000);\nmodule.exports = { apps: [{ name: 'web', script: 'a.js', fn() {} }], gitops: { build: 'x' } };";
    await bench.write({ 'ecosystem.config.cjs': text }, tree);
    assert.deepEqual(await readEcosystem(tree, bench.effort()), {
      apps: [{ name: 'web', script: 'a.js' }],
      gitops: { build: 'x' },
      file: 'ecosystem.config.cjs',
    });
  });

  it('may be written in every form that pm2 takes', async () => {
    const table: [string, string][] = [
      ['ecosystem.config.cjs', 'module.exports = { apps: { script: "a.js" } }'],
      ['ecosystem.config.js', 'module.exports = [{ script: "a.js" }]'],
      ['ecosystem.config.mjs', 'export default { apps: [{ script: "a.js" }] }'],
      ['ecosystem.json', '{ "apps": [{ "script": "a.js" }], /* a comment */ }'],
      ['process.json', '{ "script": "a.js" }'],
    ];
    for (const [name, text] of table) {
      const folder = bench.path(`tree-${name}`);
      await bench.write({ [name]: text }, folder);
      const read = await readEcosystem(folder, bench.effort());
      assert.deepEqual([read?.apps, read?.file], [[{ script: 'a.js' }], name]);
    }
  });

  it('may be missing', async () => {
    assert.equal(await readEcosystem(tree, bench.effort()), null);
  });

  it('is evaluated in the tree, with the clean environment only', async () => {
    await bench.write(
      {
        'ecosystem.config.cjs':
          'module.exports = { apps: [], gitops: { cwd: process.cwd(), env: Object.keys(process.env) } }',
      },
      tree,
    );
    const read = await readEcosystem(tree, { ...bench.effort(), env: { PATH: '/bin', ONLY: '1' } });
    assert.deepEqual(read?.gitops, { cwd: tree, env: ['PATH', 'ONLY'] });
  });

  it('is told with its message and line when it throws, does not parse, ends or hangs', async () => {
    const table: [string, RegExp][] = [
      [
        '\n\nthrow new Error("no database");',
        /ecosystem\.config\.cjs:3 of the release cannot be evaluated: no database/,
      ],
      [
        'module.exports = {\n  apps: [\n',
        /ecosystem\.config\.cjs:\d of the release cannot be evaluated: Unexpected/,
      ],
      ['process.exit(4)', /it ended the process \(exit code 4\)/],
      ['module.exports = 7', /it exports no apps/],
      ['while (true);', /did not end/],
    ];
    for (const [text, message] of table) {
      await bench.write({ 'ecosystem.config.cjs': text }, tree);
      await assert.rejects(readEcosystem(tree, bench.effort(1_500)), { code: 'RELEASE_INVALID', message });
    }
  });

  it('names where the release is going to live, not where it was staged', async () => {
    await bench.write(
      {
        'ecosystem.config.cjs':
          'module.exports = { apps: [{ script: "a.js", cwd: __dirname, env: { D: __dirname + "/d" }, watch: [__dirname] }] }',
      },
      tree,
    );
    const read = await readEcosystem(tree, bench.effort());
    assert.deepEqual(await relocateApps(read?.apps ?? [], { from: tree, to: '/srv/app/current' }), [
      {
        script: 'a.js',
        cwd: '/srv/app/current',
        env: { D: '/srv/app/current/d' },
        watch: ['/srv/app/current'],
      },
    ]);
  });

  it('must name scripts that the tree has', async () => {
    await bench.write({ 'dist/main.js': '' }, tree);
    const lives = '/srv/app/current';
    const good = [
      { script: 'dist/main.js' },
      { script: './main.js', cwd: '/srv/app/current/dist' },
      { script: '/srv/app/current/dist/main.js' },
      { script: 'npm', args: 'start' },
      { script: '/usr/bin/other/program.js' },
    ];
    await requireScripts({ apps: good, tree, lives, modulesIn: tree });
    for (const script of ['dist/other.js', 'main.js', '/srv/app/current/x.js']) {
      await assert.rejects(
        requireScripts({ apps: [{ name: 'web', script }], tree, lives, modulesIn: tree }),
        {
          code: 'RELEASE_INVALID',
          message: /script of web is missing/,
        },
      );
    }
  });
});
