import assert from 'node:assert/strict';
import test from 'node:test';
import { classifyGitFailure, type GitFailure } from '../../src/domain/git-failure.js';

const TABLE: [GitFailure, string][] = [
  ['unreachable', "fatal: unable to access 'https://h/x/': Could not resolve host: h"],
  [
    'unreachable',
    "fatal: unable to access 'http://127.0.0.1:1/x/': Failed to connect to 127.0.0.1 port 1: Connection refused",
  ],
  [
    'unreachable',
    'ssh: connect to host h port 22: Connection timed out\nfatal: Could not read from remote repository.',
  ],
  ['unreachable', "fatal: unable to access 'https://h/': The requested URL returned error: 503"],
  [
    'unreachable',
    'error: RPC failed; curl 18 transfer closed\nfatal: early EOF\nfatal: fetch-pack: invalid index-pack output',
  ],
  ['unreachable', "fatal: unable to access 'https://h/': SSL certificate problem: certificate has expired"],
  ['refused', "fatal: Authentication failed for 'https://h/x/'"],
  ['refused', "fatal: could not read Username for 'https://h': terminal prompts disabled"],
  ['refused', 'git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.'],
  ['refused', 'Host key verification failed.\nfatal: Could not read from remote repository.'],
  ['refused', "remote: Repository not found.\nfatal: repository 'https://h/x/' not found"],
  [
    'refused',
    "fatal: '/srv/x' does not appear to be a git repository\nfatal: Could not read from remote repository.",
  ],
  ['refused', "fatal: unable to access 'https://h/': The requested URL returned error: 403"],
  ['refused', "fatal: unable to access 'https://h/': The requested URL returned error: 301"],
  [
    'malformed',
    `error: object ${'1'.repeat(40)}: hasDotgit: contains '.git'\nfatal: fsck error in packed object\nfatal: fetch-pack: invalid index-pack output`,
  ],
  ['malformed', "error: invalid path '.g\u200cit/config'"],
  ['unreachable', `remote: error: object ${'1'.repeat(40)}: hasDotgit: x\nfatal: early EOF`],
  ['missing', 'fatal: remote error: upload-pack: not our ref 0101'],
  ['missing', "fatal: couldn't find remote ref refs/tags/v9"],
  ['corrupt', 'error: object file objects/01/01 is empty\nfatal: loose object 0101 is corrupt'],
  ['corrupt', 'fatal: bad object HEAD'],
  ['diskFull', 'fatal: write error: No space left on device\nfatal: index-pack failed'],
  ['diskFull', 'error: unable to write file app.js\nfatal: early EOF'],
  ['unknown', 'fatal: something that nobody has seen'],
  ['unknown', ''],
  ['unknown', 'remote: No space left on device\nfatal: something else'],
];

test('the cause of a failure of git is known by its words', () => {
  for (const [expected, stderr] of TABLE) assert.equal(classifyGitFailure(stderr), expected, stderr);
});

test('whatever ends the lines', () => {
  for (const [expected, stderr] of TABLE)
    assert.equal(classifyGitFailure(stderr.replaceAll('\n', '\r\n')), expected, stderr);
});
