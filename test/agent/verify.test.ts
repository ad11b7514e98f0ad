import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { execa } from 'execa';
import { retry } from '../../src/agent/orders.js';
import { requireVerified } from '../../src/agent/verify-release.js';
import type { VerifyConfig } from '../../src/config/verify.js';
import { noteTry, readTrust } from '../../src/state/trust-store.js';
import { without } from '../bed/signer.js';
import {
  asking,
  onlyGit,
  openBench,
  pushObject,
  pushTag,
  seen,
  tagText,
  trust,
  whyNot,
  type Bench,
} from './signatures.js';

const LIMIT = { timeout: 120_000, skip: await without('ssh-keygen') };
const NAME = 'github.com/acme/shop';

/** What somebody pushes. */
type Push = (bench: Bench, tag: string) => Promise<unknown>;

/** Story → push, why it is refused (null: it is let in), other settings. */
const THREATS: [string, Push, RegExp | null, Partial<VerifyConfig>?][] = [
  ['a signed tag', (b, tag) => signed(b, tag), null],
  ['a tag that nobody signed', (b, tag) => pushTag(b, craft(b, tag)), /it is not signed/],
  ['a lightweight tag', (b, tag) => b.remote.tag(tag, b), /lightweight tag/],
  ['a tag that a stranger signed', byStranger, /does not name/],
  [
    'a renamed signed tag',
    (b, tag) => pushTag(b, { ...craft(b, 'v0.9.0'), ref: tag }, [b.ops]),
    /made as v0\.9\.0/,
  ],
  ['a tag of a tag', nested, /names another tag/],
  ['a tag of a tree', ofTree, /names a tree/],
  ['a tag of a commit that was put there after it was signed', changed, /not over what it says/],
  ['a tag with two signatures', (b, tag) => pushTag(b, craft(b, tag), [b.ops, b.ops]), /two signatures/],
  ['a signature that the key made for something else', forFiles, /not over what it says/],
  ['a tag that says where it belongs', (b, tag) => bound(b, tag), null, { repository: NAME }],
  [
    'a tag of another project with the same signer',
    (b, tag) => bound(b, tag),
    ...([/for the repository github/, { repository: 'github.com/acme/other' }] as const),
  ],
  [
    'a tag that does not say where it belongs',
    (b, tag) => signed(b, tag),
    ...([/does not say for which/, { repository: NAME }] as const),
  ],
  [
    'unsigned, where only what is there must hold',
    (b, tag) => pushTag(b, craft(b, tag)),
    null,
    { mode: 'ifPresent' },
  ],
  [
    'lightweight, where only what is there must hold',
    (b, tag) => b.remote.tag(tag, b),
    null,
    { mode: 'ifPresent' },
  ],
  ['a stranger’s, where what is there must hold', byStranger, /does not name/, { mode: 'ifPresent' }],
];

function craft({ commit }: Bench, name: string) {
  return { name, target: commit };
}

function signed(bench: Bench, tag: string): Promise<string> {
  return pushTag(bench, craft(bench, tag), [bench.ops]);
}

function bound(bench: Bench, tag: string): Promise<string> {
  return pushTag(bench, { ...craft(bench, tag), message: `${tag}\n\nRepository: ${NAME}` }, [bench.ops]);
}

async function byStranger(bench: Bench, tag: string): Promise<void> {
  await pushTag(bench, craft(bench, tag), [bench.stranger]);
}

async function nested(bench: Bench, tag: string): Promise<void> {
  const target = await pushTag(bench, { ...craft(bench, tag), ref: 'inner' }, [bench.ops]);
  await pushTag(bench, { name: tag, target, type: 'tag' }, [bench.ops]);
}

async function ofTree(bench: Bench, tag: string): Promise<void> {
  const target = await bench.remote.git(['rev-parse', `${bench.commit}^{tree}`]);
  await pushTag(bench, { name: tag, target, type: 'tree' }, [bench.ops]);
}

async function changed(bench: Bench, tag: string): Promise<void> {
  const text = tagText(craft(bench, tag));
  const other = await bench.remote.commit({ a: 'evil' }, 'evil');
  await pushObject(bench, tag, text.replace(bench.commit, other) + (await bench.ops.sign(text)));
}

async function forFiles(bench: Bench, tag: string): Promise<void> {
  const text = tagText(craft(bench, tag));
  await pushObject(bench, tag, text + (await bench.ops.sign(text, 'file')));
}

test('who signs what, and what is let in', LIMIT, async (t) => {
  const bench = await openBench(t);
  const tagOf = (index: number): string => `v1.0.${index}`;
  for (const [index, [, push]] of THREATS.entries()) await push(bench, tagOf(index));
  for (const [index, [story, , why, settings]] of THREATS.entries()) {
    const place = asking(bench.place, settings ?? {});
    const release = await seen(place, tagOf(index));
    const found = await whyNot(place, release);
    if (why === null) assert.equal(found, null, story);
    else assert.match(found ?? 'it was let in', why, story);
    const asked = bench.remote.counts.fetch;
    assert.equal(await whyNot(place, release), found, `${story}: what is on record is the same`);
    assert.equal(bench.remote.counts.fetch, asked, `${story}: it is not looked at again`);
  }
  assert.deepEqual(await readdir(bench.place.root.layout.trash), [], 'nothing is left of the reading');
});

test(
  'keys are judged by now, by what was revoked, and by files that are there and nobody else’s',
  LIMIT,
  async (t) => {
    const { remote, place, ops, commit } = await openBench(t);
    // The tagger's date is whatever the tagger wrote.
    await pushTag({ remote }, { name: 'v1.0.0', target: commit, at: 1_500_000_000 }, [ops]);
    const release = await seen(place, 'v1.0.0');
    const { root } = place.root.layout;
    const good = `ops@example.invalid ${ops.key}\n`;
    const revoked = 'revoked.keys';
    const table: [string, string, Partial<VerifyConfig>, RegExp | null][] = [
      ['a key that is good', good, {}, null],
      [
        'a key whose time is over',
        `ops@example.invalid valid-before="20200101" ${ops.key}\n`,
        {},
        /key has expired/,
      ],
      ['a key whose time is still to come', `a@b valid-after="20990101" ${ops.key}\n`, {}, /not yet valid/],
      [
        'a key for something else',
        `a@b namespaces="file" ${ops.key}\n`,
        {},
        /does not let sign|does not name/,
      ],
      ['nobody', '', {}, /does not name/],
      ['rubbish', 'rubbish\n', {}, /does not name/],
      ['a list of revoked keys that is not there', good, { revoked: 'missing' }, /missing is not there/],
      ['a list of revoked keys that has it', good, { revoked }, /which .*revoked\.keys revokes/],
      ['signers that are not there', good, { signers: 'missing' }, /missing is not there/],
      ['signers in a release', good, { signers: 'releases/v0/signers' }, /lies in a release/],
    ];
    await mkdir(join(root, 'releases', 'v0'), { recursive: true });
    await writeFile(join(root, 'releases', 'v0', 'signers'), good);
    await writeFile(join(root, revoked), `${ops.key}\n`);
    for (const [story, signers, settings, why] of table) {
      await trust({ place }, signers);
      const found = await whyNot(asking(place, settings), release);
      if (why === null) assert.equal(found, null, story);
      else assert.match(found ?? 'it was let in', why, story);
    }
    await trust({ place }, good);
    await execa('ssh-keygen', ['-q', '-k', '-f', join(root, 'krl'), join(root, revoked)]);
    assert.match((await whyNot(asking(place, { revoked: 'krl' }), release)) ?? '', /krl revokes/);
    await chmod(join(root, 'gitops.signers'), 0o666);
    assert.match((await whyNot(place, release)) ?? '', /may be written by everybody/);
  },
);

test(
  'what the repository of an adopted checkout brings says nothing of who may sign it',
  LIMIT,
  async (t) => {
    const { remote, place, ops, commit } = await openBench(t);
    await pushTag({ remote }, { name: 'v1.0.0', target: commit }, [ops]);
    const root = { ...place.root, config: { ...place.root.config, strategy: 'checkout' as const } };
    const release = await seen(place, 'v1.0.0');
    const git = (...args: string[]) => execa('git', args, { cwd: root.layout.root });
    await git('init', '--quiet');
    assert.equal(await whyNot({ ...place, root }, release), null);
    await git('add', 'gitops.signers');
    await rm(root.layout.trust);
    assert.match(
      (await whyNot({ ...place, root }, release)) ?? '',
      /gitops\.signers is tracked by the repository/,
    );
  },
);

test(
  'what was found is looked at anew when the tag, the files or a person ask for it; a clock that was set back lets no key live again',
  LIMIT,
  async (t) => {
    const { remote, place, ops, commit, stranger } = await openBench(t);
    const { layout, host } = place.root;
    await pushTag({ remote }, { name: 'v1.0.0', target: commit });
    const unsigned = await seen(place, 'v1.0.0');
    assert.match((await whyNot(place, unsigned)) ?? '', /not signed/);
    await pushTag({ remote }, { name: 'v1.0.0', target: commit }, [ops]);
    const release = await seen(place, 'v1.0.0');
    assert.equal(await whyNot(place, release), null, 'it was signed meanwhile, at the same commit');

    await trust({ place }, `b@c ${stranger.key}\n`);
    assert.match((await whyNot(place, release)) ?? '', /does not name/, 'who may sign was changed');
    await trust({ place }, `ops@example.invalid ${ops.key}\n`);
    assert.equal(await whyNot(place, release), null);

    const { tried } = await readTrust(layout);
    const [known] = tried;
    assert.ok(known !== undefined);
    await noteTry(layout, { ...known, finding: { at: 'refused', why: 'a bad day' } });
    assert.match((await whyNot(place, release)) ?? '', /a bad day/);
    assert.equal(await retry(place.root, 'v1.0.0', place.signal), true);
    assert.equal(await whyNot(place, release), null, 'somebody said retry');

    await noteTry(layout, { ...known, ref: 'x', at: Date.UTC(2040, 0) });
    await trust({ place }, `ops@example.invalid valid-before="20350101" ${ops.key}\n`);
    assert.match((await whyNot(place, release)) ?? '', /key has expired/, 'this clock has shown 2040');
    assert.equal(await retry(place.root, null, place.signal), true);
    assert.equal(await whyNot(place, release), null, 'somebody knows better');
    assert.ok((await readTrust(layout)).latest <= host.clock.now());

    await writeFile(layout.trust, '{"schema":1,"torn');
    assert.equal(await whyNot(place, release), null, 'a record that was lost is made again');
    await writeFile(layout.trust, '{"schema":9}');
    await assert.rejects(requireVerified(place, release), { code: 'STATE_NEWER' });
    assert.equal(await readFile(layout.trust, 'utf8'), '{"schema":9}');
  },
);

test(
  'a tag that moves or goes between the look and the reading is verified as it was seen',
  LIMIT,
  async (t) => {
    const { remote, place, ops, commit } = await openBench(t);
    await pushTag({ remote }, { name: 'v1.0.0', target: commit }, [ops]);
    await pushTag({ remote }, { name: 'v1.1.0', target: commit }, [ops]);
    const [first, second] = [await seen(place, 'v1.0.0'), await seen(place, 'v1.1.0')];
    const other = await remote.commit({ a: 'evil' }, 'evil');
    await pushTag({ remote }, { name: 'v1.0.0', target: other }, [ops]);
    await remote.deleteTag('v1.1.0');
    assert.deepEqual([await whyNot(place, first), await whyNot(place, second)], [null, null]);
    await rm(place.root.layout.trust);
    await seen(place, 'v1.0.0');
    assert.match((await whyNot(place, first)) ?? '', /names another commit/, 'the tag is another’s by now');
  },
);

test('who follows a branch needs signed commits', LIMIT, async (t) => {
  const { remote, place: released, ops, stranger, commit } = await openBench(t);
  const channel = { kind: 'branch', branch: 'main' } as const;
  const root = { ...released.root, config: { ...released.root.config, channel, channelText: 'branch:main' } };
  const place = { ...released, root };
  const tip = async (signer: typeof ops | null, message = 'work'): Promise<string | null> => {
    const text = (await remote.git(['cat-file', 'commit', commit])).replace(/\n\n[^]*/, `\n\n${message}\n`);
    const armored = signer === null ? '' : (await signer.sign(text)).trimEnd().replaceAll('\n', '\n ');
    const whole = signer === null ? text : text.replace('\n\n', `\ngpgsig ${armored}\n\n`);
    const id = await remote.git(['hash-object', '-t', 'commit', '-w', '--stdin'], whole);
    await remote.git(['update-ref', 'refs/heads/main', id]);
    return whyNot(place, await seen(place, 'refs/heads/main'));
  };
  assert.match((await tip(null)) ?? '', /not signed/);
  assert.match((await tip(stranger)) ?? '', /does not name/);
  assert.equal(await tip(ops), null);
  assert.equal(await tip(ops, 'grüße'), null, 'bytes are what was signed, not characters');
});

test('a machine without ssh-keygen finds nothing out, and refuses nothing', LIMIT, async (t) => {
  const { remote, place, ops, commit } = await openBench(t);
  await pushTag({ remote }, { name: 'v1.0.0', target: commit }, [ops]);
  const release = await seen(place, 'v1.0.0');
  const bare = await onlyGit(t);
  const poor = {
    ...place,
    root: { ...place.root, host: { ...place.root.host, env: { ...place.root.host.env, PATH: bare } } },
  };
  await assert.rejects(requireVerified(poor, release), { code: 'COMMAND_MISSING', message: /ssh-keygen/ });
  assert.deepEqual((await readTrust(place.root.layout)).tried, []);
  assert.equal(await whyNot(place, release), null);
});
