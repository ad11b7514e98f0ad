import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import * as v from 'valibot';
import { Remote } from '../bed/remote.js';
import { jsonOf, Scene } from '../bed/scene.js';
import { waitFor } from '../bed/wait.js';

const LIMIT = { timeout: 180_000 };
const DAY_MS = 86_400_000;

const policyShape = v.object({
  policy: v.nullable(
    v.object({
      version: v.nullable(v.number()),
      group: v.nullable(v.string()),
      problem: v.nullable(v.string()),
    }),
  ),
  warnings: v.array(v.string()),
});

/** Changes keys of the machine's own file. */
async function configure({ root }: Scene, more: object): Promise<void> {
  const path = join(root, 'gitops.json');
  const written = v.parse(v.looseObject({}), JSON.parse(await readFile(path, 'utf8')));
  await writeFile(path, JSON.stringify({ ...written, ...more }));
}

type Status = Awaited<ReturnType<Scene['status']>>;

/** Polls, and the status that a worker leaves; a poll that met another worker at its end is followed by the next, as in life. */
async function turn(scene: Scene, what: string, holds: (status: Status) => boolean): Promise<Status> {
  await scene.check();
  return waitFor(
    what,
    async () => {
      const status = await scene.status();
      const rests = status.worker === null && (status.phase === 'idle' || status.phase === 'staged');
      if (rests && holds(status)) return status;
      if (rests) await scene.check();
      return null;
    },
    { limitMs: 60_000 },
  );
}

function serves(tag: string): (status: Status) => boolean {
  return ({ active, why }) => active?.tag === tag && why?.reason !== 'busy';
}

function waits(reason: string, detail: RegExp): (status: Status) => boolean {
  return ({ why }) => why?.reason === reason && detail.test(why.detail);
}

function says(problem: RegExp): (status: Status) => boolean {
  return (status) => problem.test(policyOf(status).policy?.problem ?? '');
}

function policyOf(status: Status): v.InferOutput<typeof policyShape> {
  return v.parse(policyShape, status);
}

/** A machine on v1.0.0. */
async function openScene(t: TestContext): Promise<Scene> {
  const scene = await Scene.open(t, { apps: (port) => [{ name: 'web', port }] });
  await scene.release('v1.0.0');
  await scene.adopt('v1.0.0');
  return scene;
}

test(
  'S21: a machine follows a policy of another repository: held until it is read, from poll to poll, never an invalid or older one',
  LIMIT,
  async (t) => {
    const scene = await openScene(t);
    const fleet = await Remote.open();
    t.after(() => fleet.close());
    const publish = (text: string) => fleet.commit({ 'fleet.json': text }, 'policy');
    await configure(scene, { policy: { repository: fleet.url } });
    await scene.release('v1.1.0');
    const unread = await turn(
      scene,
      'the machine to hold',
      waits('held', /policy could not be read yet: .* has no refs\/heads\/main/),
    );
    assert.equal(unread.active?.tag, 'v1.0.0');
    const refused = await scene.cli(['apply', '--now']);
    assert.equal(refused.code, 3, refused.stderr);

    await publish('{\n  // the first of them\n  "version": 1,\n}');
    const first = await turn(scene, 'v1.1.0', serves('v1.1.0'));
    await scene.everywhere('v1.1.0');
    assert.deepEqual(policyOf(first).policy, { version: 1, group: null, problem: null });

    await publish('{ "version": 2, "hold": { "reason": "a fair" } }');
    await scene.release('v1.2.0');
    const held = await turn(scene, 'the hold', waits('held', /a fair/));
    assert.equal(held.active?.tag, 'v1.1.0');
    assert.equal((await scene.cli(['plan'])).code, 3);

    await publish('{\n  "version": 3,\n  "hold": nobody\n}');
    const invalid = await turn(
      scene,
      'a complaint',
      says(/fleet\.json:3:11: .*; version 2 .* stays in force/),
    );
    assert.equal(invalid.why?.reason, 'held', 'the former one stays in force');
    assert.ok(policyOf(invalid).warnings.some((warning) => warning.includes('fleet.json:3:11')));
    await publish('{ "version": 1 }');
    const older = await turn(scene, 'a complaint', says(/version 1 is older than 2, which is in force/));
    assert.equal(older.why?.reason, 'held');

    const yesterday = new Date(Date.now() - DAY_MS).toISOString().slice(0, 10);
    await publish(`{ "version": 3, "expires": "${yesterday}" }`);
    const expired = await turn(scene, 'the end of the policy', waits('held', /expired/));
    assert.equal(expired.active?.tag, 'v1.1.0');

    const group = { name: 'first', match: { ids: [expired.machine.id] }, pin: 'v1.0.0' };
    await publish(JSON.stringify({ version: 4, groups: [group] }));
    const pinned = await turn(scene, 'v1.0.0', serves('v1.0.0'));
    await scene.everywhere('v1.0.0');
    assert.deepEqual([pinned.why?.reason, pinned.pin], ['pinned', null]);
    assert.equal(policyOf(pinned).policy?.group, 'first');

    await writeFile(join(scene.root, '.pm2-gitops', 'policy.json'), 'garbage');
    fleet.fault = 'down';
    const lost = await turn(scene, 'the hold', waits('held', /could not be read yet/));
    assert.equal(lost.active?.tag, 'v1.0.0');
    fleet.fault = 'none';
    await publish('{ "version": 5 }');
    await turn(scene, 'v1.2.0', serves('v1.2.0'));
    await scene.everywhere('v1.2.0');
  },
);

test(
  'S19, S22: a release soaks, a major waits for approval, a closed window lets it be staged; --now passes soak and window',
  LIMIT,
  async (t) => {
    const scene = await openScene(t);
    await configure(scene, { soak: '48h', major: 'manual' });
    await scene.release('v1.1.0');
    const soaking = await turn(scene, 'the soak', waits('soak', /v1\.1\.0/));
    assert.equal(soaking.active?.tag, 'v1.0.0');
    const leftMs = Date.parse(soaking.why?.until ?? '') - Date.now();
    assert.ok(leftMs > 2 * DAY_MS - 120_000 && leftMs <= 2 * DAY_MS + 60_000, `${leftMs}`);
    assert.equal((await scene.cli(['apply'])).code, 3);
    const plan = await scene.cli(['plan', '--json']);
    const gates = v.parse(
      v.array(v.object({ gate: v.string(), open: v.boolean(), until: v.nullable(v.string()) })),
      jsonOf(plan)['gates'],
    );
    assert.deepEqual(
      gates.filter(({ open }) => !open),
      [{ gate: 'soak', open: false, until: soaking.why?.until }],
    );
    assert.match((await scene.cli(['plan'])).stdout, /gate soak +closed/);
    assert.match((await scene.cli(['plan', '--now'])).stdout, /1\. fetch v1\.1\.0/);
    await scene.cliMust(['apply', '--now']);
    await scene.everywhere('v1.1.0');

    await scene.release('v2.0.0');
    const major = await scene.cli(['apply', '--now']);
    assert.deepEqual([major.code, /major: .*pm2-gitops approve v2\.0\.0/.test(major.stderr)], [3, true]);
    assert.match(
      await scene.cliMust(['approve', 'v2.0.0', '--until', '2h']),
      /v2\.0\.0 .* is approved until/,
    );
    assert.match(await scene.cliMust(['approve', 'v2.0.0', '--withdraw']), /approved no more/);
    assert.match(await scene.cliMust(['approve']), /nothing is approved/);
    assert.equal((await scene.cli(['apply', '--now'])).code, 3);
    await scene.cliMust(['approve', 'v2.0.0']);
    assert.match(await scene.cliMust(['approve']), /v2\.0\.0 \([0-9a-f]{7}\) is approved until/);
    await scene.cliMust(['apply', '--now']);
    await scene.everywhere('v2.0.0');

    const inTwoDays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'][(new Date().getUTCDay() + 2) % 7];
    const window = { days: [inTwoDays], from: '02:00', to: '04:00' };
    await configure(scene, { soak: '0s', timezone: 'UTC', window });
    await scene.release('v2.1.0');
    const staged = await scene.cli(['apply']);
    assert.equal(staged.code, 3);
    assert.match(staged.stderr, /it is staged, and waits; window: opens [A-Z][a-z]{2} 02:00 UTC/);
    assert.match(staged.stderr, /pm2-gitops apply --now/);
    const closed = await scene.status();
    assert.deepEqual(
      [closed.staged?.tag, closed.active?.tag, closed.why?.reason],
      ['v2.1.0', 'v2.0.0', 'window'],
    );
    await scene.check();
    assert.deepEqual(await scene.versions(), ['v2.0.0'], 'a poll does not open it');
    await scene.cliMust(['apply', '--now']);
    await scene.everywhere('v2.1.0');
  },
);
