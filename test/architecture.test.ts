import assert from 'node:assert/strict';
import test from 'node:test';
import ts from 'typescript';
import { allModules, houseOf, isOfNode, loadedWith, nodesOf, type Module } from './modules.js';

// The rules of the house (docs/design.md) as tests: whoever breaks one of them is told which, and where.

const MODULES = allModules();

/** Which houses a house may import from, besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  config: ['domain', 'os'],
  os: ['domain'],
  source: ['domain', 'os', 'config'],
  workspace: ['domain', 'os', 'config'],
  runtime: ['domain', 'os', 'config'],
  state: ['domain', 'os', 'config'],
  observe: ['domain', 'os', 'config'],
  page: ['domain'],
  agent: ['domain', 'os', 'config', 'source', 'workspace', 'runtime', 'state', 'observe', 'page'],
  module: ['agent', 'os', 'domain'],
  cli: ['module', 'agent', 'config', 'domain'],
  'index.ts': ['agent', 'config', 'domain'],
};
// The files that a poller loads with its turn: 74 when gates knew of zones and of a fleet, 83 since failures are plain by themselves, 87 with a forge, three more for the narrow question and what asks it, six for what programs are told (its configuration: the rest is loaded where it is asked for), two for who is told, and a little room.
const LIGHT = 105;
const WINGS = ['source', 'workspace', 'runtime', 'state', 'observe'];

/** Lines like `src/a/b.ts: message`, for each file that breaks a rule; empty if none does. */
function broken(rule: (module: Module) => readonly string[]): string[] {
  return MODULES.flatMap((module) => rule(module).map((problem) => `src/${module.path}: ${problem}`));
}

/** Every place where a file reads a property of a global object, as `process.env`. */
function uses(module: Module, pattern: RegExp): string[] {
  return nodesOf(module, ts.isPropertyAccessExpression)
    .map((node) => node.getText())
    .filter((text) => pattern.test(text));
}

test('the arrows between the houses point inwards', () => {
  assert.deepEqual(
    broken(({ path, imports }) => {
      const house = houseOf(path);
      const allowed = MAY_IMPORT[house];
      if (allowed === undefined) return [`${house} is no house that we know`];
      return imports
        .filter(({ of }) => of.endsWith('.ts'))
        .filter(({ of }) => houseOf(of) !== house && !allowed.includes(houseOf(of)))
        .map(({ of }) => `imports ${of}`);
    }),
    [],
  );
});

test('the wings take types alone from config: the agent hands them what was parsed', () => {
  assert.deepEqual(
    broken(({ path, imports }) =>
      imports
        .filter(
          ({ of, kind }) => WINGS.includes(houseOf(path)) && houseOf(of) === 'config' && kind !== 'type',
        )
        .map(({ of }) => `imports ${of} as more than types`),
    ),
    [],
  );
});

test('every import of ours leads to a file', () => {
  const paths = MODULES.map(({ path }) => path);
  assert.deepEqual(
    broken(({ imports }) =>
      imports.filter(({ of }) => of.endsWith('.ts') && !paths.includes(of)).map(({ of }) => `imports ${of}`),
    ),
    [],
  );
});

test('no file is loaded in order to load itself', () => {
  const circles = MODULES.filter(({ path, imports }) =>
    imports.some(({ of, kind }) => kind === 'static' && loadedWith(of, MODULES).ours.includes(path)),
  );
  assert.deepEqual(
    circles.map(({ path }) => path),
    [],
  );
});

test('the domain, and the page, are pure: nothing of Node, no clock, no chance', () => {
  assert.deepEqual(
    broken((module) => {
      if (!['domain', 'page'].includes(houseOf(module.path))) return [];
      const names = nodesOf(module, ts.isIdentifier).map(({ text }) => text);
      const dates = nodesOf(module, ts.isNewExpression).filter(
        ({ expression, arguments: given }) => expression.getText() === 'Date' && (given?.length ?? 0) === 0,
      );
      return [
        ...module.imports.filter(({ of }) => isOfNode(of)).map(({ of }) => `imports ${of}`),
        ...uses(module, /^(Date\.now|Math\.random|performance\.)/),
        ...dates.map((node) => node.getText()),
        ...['setTimeout', 'setInterval', 'fetch', 'crypto', 'globalThis', 'console'].filter((name) =>
          names.includes(name),
        ),
        ...uses(module, /^process\.(env|platform|cwd|argv|exit|exitCode|ppid|hrtime|nextTick|std\w+)$/),
      ];
    }),
    [],
  );
});

/** What only some files may import, and which. */
const DOORS: [string, RegExp, RegExp][] = [
  ['processes are started', /^(node:)?child_process$/, /^os\/(run|query|detach-(posix|win32))\.ts$/],
  ['execa is used', /^execa$/, /^os\/run\.ts$/],
  ['octokit is used', /^octokit$/, /^source\/github\//],
  ['simple-git is used', /^simple-git$/, /^os\/checkout-git\.ts$/],
  ['the command line is parsed', /^commander$/, /^cli\//],
  ['locks are taken', /^fs-native-extensions$/, /^state\/lock\.ts$/],
  ['pm2 itself is loaded', /^pm2/, /^$/],
];

for (const [what, name, where] of DOORS) {
  test(`only behind its door: ${what}`, () => {
    assert.deepEqual(
      broken(({ path, imports }) =>
        imports.filter(({ of }) => name.test(of) && !where.test(path)).map(({ of }) => `imports ${of}`),
      ),
      [],
    );
  });
}

/** What only some files may do with the process, and which. */
const PROCESS: [string, RegExp, RegExp][] = [
  ['the environment is read', /^process\.env$/, /^agent\/compose\.ts$/],
  // A worker is a program of its own.
  ['the exit code is set', /^process\.(exitCode|exit|abort)$/, /^(cli\/main|agent\/worker-main)\.ts$/],
  ['anything is printed', /^(console\.|process\.(stdout|stderr)\.)/, /^cli\//],
  ['the wall clock is read', /^Date\.now$/, /^os\/clock\.ts$/],
  ['dice are thrown', /^Math\.random$/, /^agent\/compose\.ts$/],
];

for (const [what, access, where] of PROCESS) {
  test(`only in its place: ${what}`, () => {
    assert.deepEqual(
      broken((module) => (where.test(module.path) ? [] : uses(module, access))),
      [],
    );
  });
}

test('a file is one idea: 300 lines at most', () => {
  assert.deepEqual(
    broken(({ text }) => {
      const { length } = text.trimEnd().split('\n');
      return length > 300 ? [`${length} lines`] : [];
    }),
    [],
  );
});

test('types are proven, not asserted, and no rule is switched off', () => {
  assert.deepEqual(
    broken((module) => [
      ...nodesOf(module, ts.isAsExpression)
        .filter(({ type }) => type.getText() !== 'const')
        .map((node) => node.getText()),
      ...nodesOf(module, ts.isTypeAssertionExpression).map((node) => node.getText()),
      ...nodesOf(module, ts.isNonNullExpression).map((node) => node.getText()),
      ...nodesOf(module, isAny).map(() => 'any'),
      ...(module.text.match(/eslint-disable|@ts-(ignore|expect-error|nocheck)/g) ?? []),
    ]),
    [],
  );
});

function isAny(node: ts.Node): node is ts.KeywordTypeNode<ts.SyntaxKind.AnyKeyword> {
  return node.kind === ts.SyntaxKind.AnyKeyword;
}

test('a name says what a file is about', () => {
  assert.deepEqual(
    MODULES.map(({ path }) => path).filter(
      (path) =>
        /\b(utils?|helpers?|managers?|service|common|misc|data|handle)\.ts$/.test(path) &&
        path !== 'workspace/managers.ts',
    ),
    [],
  );
});

test('a host that starts the agent loads next to nothing', () => {
  const { ours, packages } = loadedWith('index.ts', MODULES);
  assert.deepEqual(packages, []);
  assert.ok(ours.length <= 6, ours.join('\n'));
});

test('the poller is light: what its turns load stays small', () => {
  const agent = MODULES.find(({ path }) => path === 'agent/agent.ts');
  const later = agent?.imports.filter(({ kind }) => kind === 'dynamic').map(({ of }) => of);
  assert.deepEqual(later, ['agent/turn.ts']);
  const { ours, packages } = loadedWith('agent/turn.ts', MODULES);
  assert.deepEqual(
    new Set(packages.map((name) => name.split('/', 1).join(''))),
    new Set(['semver', 'valibot']),
  );
  assert.ok(ours.length <= LIGHT, `${ours.length} files:\n${ours.join('\n')}`);
  // What a worker does is no part of a poller.
  assert.deepEqual(
    ours.filter((path) => /^(cli|workspace|runtime)\//.test(path)),
    [],
  );
});

test('these rules see what they are to see', () => {
  const poll = MODULES.find(({ path }) => path === 'agent/poll.ts');
  assert.ok(poll?.imports.some(({ of, kind }) => of === 'domain/decide.ts' && kind === 'static'));
  assert.ok(poll?.imports.some(({ of, kind }) => of === 'agent/root.ts' && kind === 'type'));
  const run = MODULES.find(({ path }) => path === 'os/run.ts');
  assert.ok(run?.imports.some(({ of, kind }) => of === 'execa' && kind === 'dynamic'));
  const seen = MODULES.flatMap((module) => uses(module, /^process\.env$/));
  assert.ok(seen.length > 0 && MODULES.length > 100);
});
