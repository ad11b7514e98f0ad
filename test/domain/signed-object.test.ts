import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { isGitOpsError } from '../../src/domain/errors.js';
import { parseCommit, parseTag, requireRepository, requireTag } from '../../src/domain/signed-object.js';

const ID = 'a'.repeat(40);
const SSH = '-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n';
const PGP = '-----BEGIN PGP SIGNATURE-----\n\niHUEABY=\n=abcd\n-----END PGP SIGNATURE-----\n';
const HEAD = `object ${ID}\ntype commit\ntag v1.1.0\ntagger A <a@b> 1 +0000`;
const TAG = `${HEAD}\n\nv1.1.0\n`;
const COMMIT_HEAD = `tree ${ID}\nparent ${ID}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000`;
const COMMIT = `${COMMIT_HEAD}\n\nhello\n`;

function folded(field: string, armored: string): string {
  return `${field} ${armored.trimEnd().replaceAll('\n', '\n ')}`;
}

test('a tag is read: what it names, what was signed, and by which kind of key', () => {
  const named = { target: ID, type: 'commit', name: 'v1.1.0' };
  assert.deepEqual(parseTag(TAG), { ...named, message: 'v1.1.0\n', payload: TAG, signature: null });
  for (const [kind, armored] of [
    ['ssh', SSH],
    ['gpg', PGP],
  ])
    assert.deepEqual(parseTag(TAG + (armored ?? '')), {
      ...{ ...named, message: 'v1.1.0\n', payload: TAG },
      signature: { kind, armored },
    });
});

test('a commit is read: its signature is no part of what was signed, wherever it stands', () => {
  const signed = `${COMMIT_HEAD}\n${folded('gpgsig', SSH)}\nencoding latin1\n\nhello\n`;
  assert.deepEqual(parseCommit(signed, ID), {
    payload: `${COMMIT_HEAD}\nencoding latin1\n\nhello\n`,
    message: 'hello\n',
    signature: { kind: 'ssh', armored: SSH },
  });
  const merged = `${COMMIT_HEAD}\n${folded('mergetag', TAG + SSH)}\n\nhello\n`;
  assert.equal(
    parseCommit(merged, ID).signature,
    null,
    'what a merged tag was signed by is not the commit’s',
  );
  assert.equal(parseCommit(COMMIT, ID).signature, null);
});

const REFUSED: [string, string, RegExp][] = [
  ['nothing', '', /no message/],
  ['a head alone', HEAD, /no message/],
  ['a zero byte', TAG.replace('tag v1.1.0', 'tag v1.1.0\0') + SSH, /zero byte/],
  ['a zero byte in the message', `${TAG}\0${SSH}`, /zero byte/],
  ['two signatures', TAG + SSH + SSH, /two signatures/],
  ['a signature of each kind', TAG + SSH + PGP, /two signatures/],
  ['a signature within what was signed', TAG + PGP + 'v9.9.9\n' + SSH, /two signatures/],
  ['something behind the signature', `${TAG}${SSH}more\n`, /not whole/],
  ['a signature without an end', TAG + SSH.slice(0, 40), /not whole/],
  [
    'a signature of X.509',
    `${TAG}-----BEGIN SIGNED MESSAGE-----\nMIAG\n-----END SIGNED MESSAGE-----\n`,
    /neither/,
  ],
  ['a header twice', TAG.replace('type commit', `type commit\nobject ${ID}`) + SSH, /another head/],
  ['a header more', TAG.replace('\n\n', '\nencoding latin1\n\n') + SSH, /another head/],
  ['headers in another order', TAG.replace(/^(.*)\n(.*)\n/, '$2\n$1\n') + SSH, /another head/],
  ['an id that is none', TAG.replace(ID, 'HEAD') + SSH, /another head/],
];

for (const [what, text, why] of REFUSED)
  test(`a tag object is not believed: ${what}`, () => {
    assert.throws(() => parseTag(text), { code: 'UNVERIFIED', message: why });
  });

test('a commit is not believed that has two signatures, one for other repositories, or no tree', () => {
  const sign = (...fields: string[]) =>
    [COMMIT_HEAD, ...fields.map((field) => folded(field, SSH))].join('\n');
  for (const head of [sign('gpgsig', 'gpgsig'), sign('gpgsig', 'gpgsig-sha256')])
    assert.throws(() => parseCommit(`${head}\n\nhello\n`, ID), {
      code: 'UNVERIFIED',
      message: /two signatures/,
    });
  const other = `${sign('gpgsig-sha256')}\n\nhello\n`;
  assert.throws(() => parseCommit(other, ID), { message: /another kind of repository/ });
  assert.throws(() => parseCommit(COMMIT.replace('tree ', 'tre '), ID), { message: /no tree/ });
});

test('a tag has to be what its ref says', () => {
  const wanted = { name: 'v1.1.0', commit: ID };
  const tag = parseTag(TAG);
  requireTag(tag, wanted);
  const table: [Partial<typeof tag>, RegExp][] = [
    [{ name: 'v9.9.9' }, /was made as v9\.9\.9/],
    [{ name: 'V1.1.0' }, /renamed/],
    [{ type: 'tag' }, /names another tag/],
    [{ type: 'tree' }, /names a tree/],
    [{ type: '' }, /without a type/],
    [{ target: 'b'.repeat(40) }, /another commit/],
  ];
  for (const [more, message] of table)
    assert.throws(
      () => {
        requireTag({ ...tag, ...more }, wanted);
      },
      { code: 'UNVERIFIED', message },
    );
});

test('a message says for which repository it was signed, once', () => {
  const line = 'Repository: github.com/acme/shop';
  requireRepository(`v1.1.0\n\n${line}\n`, 'github.com/acme/shop');
  requireRepository(`${line}\n${line}`, 'github.com/acme/shop');
  for (const message of [
    'v1.1.0',
    `see Repository: github.com/acme/shop`,
    `${line}x`,
    `${line}\nRepository: other`,
  ])
    assert.throws(
      () => {
        requireRepository(message, 'github.com/acme/shop');
      },
      { code: 'UNVERIFIED' },
    );
});

test('whatever the bytes, what is read is what stands there, or nothing is believed', () => {
  const piece = fc.constantFrom(
    ...[
      '\n',
      '\n\n',
      ' ',
      '\0',
      '\r',
      TAG,
      HEAD,
      COMMIT,
      COMMIT_HEAD,
      SSH,
      PGP,
      SSH.slice(0, 30),
      'v1.1.0\n',
    ],
    ...[folded('gpgsig', SSH), folded('gpgsig-sha256', SSH), folded('mergetag', TAG + SSH), `object ${ID}`],
  );
  const noise = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)),
  });
  const bytes = fc.array(fc.oneof(piece, noise), { maxLength: 8 }).map((parts) => parts.join(''));
  let signed = 0;
  fc.assert(
    fc.property(bytes, (text) => {
      const tag = orRefusal(() => parseTag(text));
      if (tag?.signature != null) signed += 1;
      // Nothing is left out and nothing comes twice: the bytes are the payload and its signature.
      if (tag !== null) assert.equal(tag.payload + (tag.signature?.armored ?? ''), text);
      const commit = orRefusal(() => parseCommit(text, ID));
      if (commit === null) return;
      const own = commit.signature === null ? [] : [folded('gpgsig', commit.signature.armored)];
      const lines = (whole: string) =>
        whole
          .slice(0, whole.indexOf('\n\n'))
          .split(/\n(?! )/)
          .sort();
      assert.deepEqual([...lines(commit.payload), ...own].sort(), lines(text));
      assert.ok(text.endsWith(commit.message) && commit.payload.endsWith(commit.message));
    }),
    { numRuns: 3_000, examples: [[TAG + SSH], [TAG + PGP]] },
  );
  assert.ok(signed > 0, 'some of them were signed');
});

function orRefusal<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (isGitOpsError(error, 'UNVERIFIED')) return null;
    throw error;
  }
}
