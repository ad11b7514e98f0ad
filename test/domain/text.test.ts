import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { GitOpsError } from '../../src/domain/errors.js';
import { plainJson, plainLine } from '../../src/domain/plain.js';
import { redactUrl, redactUrls } from '../../src/domain/redact.js';
import { describeRelease, releaseFolder, sameRelease, sha7 } from '../../src/domain/release.js';
import { runId } from '../../src/domain/run.js';
import { commit, release } from './releases.js';

test('a line from outside is shown without colours and control characters', () => {
  const table: [string, string][] = [
    ['plain text, ünï 漢字 🎉', 'plain text, ünï 漢字 🎉'],
    ['\u001b[31mred\u001b[0m', 'red'],
    ['\u001b[38;5;196mred\u001b[m', 'red'],
    ['\u009b2Jcleared', '2Jcleared'],
    ['a\tb', 'a\tb'],
    ['bell\u0007 back\b return\r', 'bell back return'],
    ['\u001b]0;title\u0007x', ']0;titlex'],
    ['a\u0000b\u007fc\u0085d', 'abcd'],
    ['a\nb', 'ab'],
  ];
  for (const [text, expected] of table) assert.equal(plainLine(text), expected);
});

test('what would deceive the eye is written out, and what a script or an emoji needs stays', () => {
  const table: [string, string][] = [
    ['v1.0.0\u202e0.0.2v', 'v1.0.0\\u{202e}0.0.2v'],
    ['\u2066a\u2069\u200f', '\\u{2066}a\\u{2069}\\u{200f}'],
    ['ma\u200bin\u2060\ufeff\u00ad', 'ma\\u{200b}in\\u{2060}\\u{feff}\\u{ad}'],
    ['a\u2028b\u{e0061}', 'a\\u{2028}b\\u{e0061}'],
    ['می\u200cخواهم 👩\u200d🚀 ❤\ufe0f', 'می\u200cخواهم 👩\u200d🚀 ❤\ufe0f'],
  ];
  for (const [text, expected] of table) assert.equal(plainLine(text), expected);
});

test('whatever a value holds: its JSON means the same and is plain', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      const text = plainJson(JSON.stringify(value, null, 2));
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
      assert.equal(plainLine(text.replaceAll('\n', '')), text.replaceAll('\n', ''));
    }),
  );
  assert.equal(plainJson('"\u009b2J\u202e\u{e0061}é"'), '"\\u009b2J\\u202e\\udb40\\udc61é"');
});

test('a failure quotes nothing that a log or a terminal must not have', () => {
  const said = 'cannot reach https://me:hunter2@host/a: \u001b]0;owned\u0007\u001b[2J\nremote: \u202eok';
  const error = new GitOpsError('SOURCE_REFUSED', said, { hint: 'see https://t0ken@host/\u009b2J' });
  assert.equal(error.message, 'cannot reach https://host/a: ]0;owned\nremote: \\u{202e}ok');
  assert.equal(error.hint, 'see https://host/2J');
});

test('whatever the line: no control character but a tab is left, and what is plain stays', () => {
  const nasty = fc.string({
    unit: fc.oneof(
      fc.constantFrom(
        '\u001b',
        '\u009b',
        '\u202e',
        '\u200b',
        '[',
        '3',
        '1',
        ';',
        'm',
        '\r',
        '\n',
        '\t',
        '\u0000',
      ),
      fc.string(),
    ),
  });
  fc.assert(
    fc.property(nasty, (text) => {
      const plain = plainLine(text);
      for (const character of plain)
        assert.ok(character === '\t' || !/[\p{Cc}\p{Bidi_Control}]/u.test(character));
      assert.equal(plainLine(plain), plain);
    }),
  );
});

test('what could open a door is taken out of a URL', () => {
  const table: [string, string][] = [
    ['https://github.com/a/b.git', 'https://github.com/a/b.git'],
    ['https://user:hunter2@host/a', 'https://host/a'],
    ['https://ghp_token@host/a', 'https://host/a'],
    ['https://user:hunt@er2@host/a', 'https://host/a'],
    ["https://user:it's@host/a", 'https://host/a'],
    ['HTTPS://user:hunter2@host:8443/a', 'HTTPS://host:8443/a'],
    ['ssh://git:pw@host/a', 'ssh://host/a'],
    ['git@github.com:a/b.git', 'git@github.com:a/b.git'],
    ['/srv/git/a@b.git', '/srv/git/a@b.git'],
    ['https://host/a?access_token=s3cret&x=1', 'https://host/a?access_token=***&x=1'],
    ['https://host/a?x=1&X-Amz-Signature=s3cret', 'https://host/a?x=1&X-Amz-Signature=***'],
    ['https://host/@scope/name', 'https://host/@scope/name'],
    ['https://host/a?mail=a@b.c', 'https://host/a?mail=a@b.c'],
  ];
  for (const [url, expected] of table) assert.equal(redactUrl(url), expected);
  assert.equal(
    redactUrls("fatal: unable to access 'https://u:p@h/x/': see https://t@h2/y for a@b"),
    "fatal: unable to access 'https://h/x/': see https://h2/y for a@b",
  );
  assert.equal(redactUrls('{"a":"https://u:p@h","b":"c@d"}'), '{"a":"https://h","b":"c@d"}');
});

test('whatever the password: it is not in the redacted text', () => {
  const password = fc.stringMatching(/^[!$&'()*+,;=:@%A-Za-z0-9._~-]{6,20}$/);
  fc.assert(
    fc.property(password, (secret) => {
      const text = redactUrls(`fatal: unable to access 'https://me:${secret}@host.example/a/b/': refused`);
      assert.equal(text, "fatal: unable to access 'https://host.example/a/b/': refused");
    }),
  );
});

test('releases are named for people', () => {
  assert.equal(describeRelease(release('v1.0.0', 1)), 'v1.0.0 (0101010)');
  assert.equal(describeRelease({ tag: sha7(commit(1)), commit: commit(1), ref: null }), '0101010');
  assert.ok(sameRelease(release('v1.0.0', 1), release('1.0.0', 1)));
  assert.ok(!sameRelease(release('v1.0.0', 1), release('v1.0.0', 2)));
  assert.ok(!sameRelease(release('v1.0.0', 1), null));
});

test('a release folder is called after its tag, as far as every file system allows', () => {
  const table: [string, string][] = [
    ['v1.1.0', 'v1.1.0-0101010'],
    ['api@1.0.0+build.5', 'api@1.0.0+build.5-0101010'],
    ['@scope/api@1.0.0', '@scope_api@1.0.0-0101010'],
    ['feature/x', 'feature_x-0101010'],
    ['..', '_-0101010'],
    ['../../etc', '__.._etc-0101010'],
    ['a\\b:c*d?e"f<g>h|i', 'a_b_c_d_e_f_g_h_i-0101010'],
    ['ünï', '_n_-0101010'],
    ['con.1', '_con.1-0101010'],
    ['x'.repeat(200), `${'x'.repeat(80)}-0101010`],
  ];
  for (const [tag, expected] of table) assert.equal(releaseFolder(release(tag, 1)), expected);
});

test('whatever the tag: its folder is one plain name, on Windows too', () => {
  const tag = fc.oneof(
    fc.string({ minLength: 1, maxLength: 120 }),
    fc
      .tuple(fc.constantFrom('CON', 'nul', 'Aux', 'prn', 'com1', 'LPT9', '..', '.', '-'), fc.string())
      .map((parts) => parts.join('')),
    fc.constantFrom('NUL.txt', 'com1.0', '.', '..', '...'),
  );
  fc.assert(
    fc.property(tag, (name) => {
      const folder = releaseFolder(release(name, 1));
      assert.match(folder, /^[A-Za-z0-9_@+-][A-Za-z0-9._@+-]*-0101010$/);
      assert.ok(folder.length <= 90);
      // learn.microsoft.com/windows/win32/fileio/naming-a-file: these names are devices, with any extension too.
      assert.doesNotMatch(folder, /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i);
    }),
  );
});

test('run ids sort in the order of their runs and are safe as folder names', () => {
  assert.equal(runId(Date.UTC(2026, 4, 24, 3, 7, 9, 45), 'a1b2'), '20260524-030709-045-a1b2');
  const moment = fc.integer({ min: 0, max: 4_000_000_000_000 });
  fc.assert(
    fc.property(moment, moment, (a, b) => {
      const [first, second] = [runId(a, 'zzzz'), runId(b, '0000')];
      assert.match(first, /^\d{8}-\d{6}-\d{3}-zzzz$/);
      if (a < b) assert.ok(first < second);
      assert.ok(first < runId(b, '0000', first), 'a clock that was set back');
    }),
  );
});
