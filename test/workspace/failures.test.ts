import assert from 'node:assert/strict';
import test from 'node:test';
import { classifyGitFailure, type GitFailure } from '../../src/domain/git-failure.js';
import { redactUrl, redactUrls } from '../../src/domain/redact.js';
import {
  classifyInstallFailure,
  isLockfileRefusal,
  type InstallFailure,
} from '../../src/workspace/install-failure.js';
import type { ManagerName } from '../../src/workspace/managers.js';

test('what git prints tells why it failed', () => {
  const table: [string, GitFailure][] = [
    ["fatal: unable to access 'https://h/x.git/': Could not resolve host: h", 'unreachable'],
    [
      "fatal: unable to access 'http://127.0.0.1:1/': Failed to connect to 127.0.0.1 port 1: Connection refused",
      'unreachable',
    ],
    [
      'error: RPC failed; curl 18 transfer closed\nfetch-pack: unexpected disconnect\nfatal: early EOF\nfatal: fetch-pack: invalid index-pack output',
      'unreachable',
    ],
    ["fatal: unable to access 'https://h/': The requested URL returned error: 503", 'unreachable'],
    ["fatal: unable to access 'https://h/': SSL certificate problem: certificate has expired", 'unreachable'],
    [
      'ssh: connect to host h port 22: Connection timed out\nfatal: Could not read from remote repository.',
      'unreachable',
    ],
    ["fatal: Authentication failed for 'https://h/x.git/'", 'refused'],
    ["fatal: could not read Username for 'https://h': terminal prompts disabled", 'refused'],
    ["fatal: unable to access 'https://h/': The requested URL returned error: 403", 'refused'],
    ['git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.', 'refused'],
    ['Host key verification failed.\nfatal: Could not read from remote repository.', 'refused'],
    ["remote: Repository not found.\nfatal: repository 'https://h/x.git/' not found", 'refused'],
    ['fatal: remote error: upload-pack: not our ref aaaa', 'missing'],
    ['error: Server does not allow request for unadvertised object aaaa', 'missing'],
    ["fatal: couldn't find remote ref refs/tags/v9", 'missing'],
    ['fatal: write error: No space left on device\nfatal: index-pack failed\nfatal: early EOF', 'diskFull'],
    ['error: unable to write file big.txt\nfatal: unable to check out', 'diskFull'],
    [
      'error: object file objects/aa/bb is empty\nfatal: loose object aabb (stored in objects/aa/bb) is corrupt',
      'corrupt',
    ],
    ['fatal: not a git repository: /x/mirror.git', 'corrupt'],
    ['fatal: bad object refs/gitops/releases/aaaa', 'corrupt'],
    ["remote: fatal: bad object aaaa\nfatal: the server's own trouble", 'unknown'],
    ['', 'unknown'],
  ];
  for (const [stderr, expected] of table) assert.equal(classifyGitFailure(stderr), expected, stderr);
});

test('only what is certainly the fault of the release is laid on the release', () => {
  const table: [ManagerName | null, string, InstallFailure][] = [
    [
      'npm',
      'npm error code ENOTFOUND\nnpm error network request to https://r/x failed',
      'INSTALL_UNREACHABLE',
    ],
    ['npm', 'npm error code E401\nnpm error Unable to authenticate', 'INSTALL_UNREACHABLE'],
    ['npm', 'npm error code E503\nnpm error 503 Service Unavailable', 'INSTALL_UNREACHABLE'],
    ['npm', 'npm error code E404\nnpm error 404 Not Found - GET https://r/x', 'INSTALL_UNREACHABLE'],
    ['npm', 'npm error code ECONNREFUSED', 'INSTALL_UNREACHABLE'],
    ['npm', 'npm error code ERR_SOCKET_TIMEOUT', 'INSTALL_UNREACHABLE'],
    ['npm', 'npm error code UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'INSTALL_UNREACHABLE'],
    [
      'npm',
      'npm error code 1\nnpm error path /x/node_modules/y\nnpm error command failed\nnpm error command sh -c node get\nnpm error getaddrinfo EAI_AGAIN github.com',
      'INSTALL_UNREACHABLE',
    ],
    [
      'npm',
      'npm error code 1\nnpm error path /x/node_modules/y\nnpm error command failed\nnpm error command sh -c exit 1',
      'INSTALL_FAILED',
    ],
    [
      'npm',
      'npm error code EUSAGE\nnpm error `npm ci` can only install packages when your package.json and package-lock.json are in sync',
      'INSTALL_FAILED',
    ],
    ['npm', 'npm error code ERESOLVE', 'INSTALL_FAILED'],
    ['npm', 'npm error code ETARGET\nnpm error notarget No matching version found for x@9', 'INSTALL_FAILED'],
    ['npm', 'npm error code EINTEGRITY', 'INSTALL_UNREACHABLE'],
    ['npm', 'npm error code ENOSPC\nnpm error nospc ENOSPC: no space left on device', 'DISK_FULL'],
    ['npm', 'npm error code EBADENGINE', 'INSTALL_UNREACHABLE'],
    ['npm', 'Killed', 'INSTALL_UNREACHABLE'],
    ['pnpm', ' ERR_PNPM_OUTDATED_LOCKFILE  Cannot install with "frozen-lockfile"', 'INSTALL_FAILED'],
    [
      'pnpm',
      ' ERR_PNPM_META_FETCH_FAIL  GET http://r/x: request to http://r/x failed',
      'INSTALL_UNREACHABLE',
    ],
    ['pnpm', ' ERR_PNPM_FETCH_404  GET http://r/x: Not Found - 404', 'INSTALL_UNREACHABLE'],
    ['pnpm', ' ERR_PNPM_TARBALL_INTEGRITY  Got unexpected checksum', 'INSTALL_UNREACHABLE'],
    [
      'pnpm',
      'node_modules/x postinstall: Failed\n ELIFECYCLE  Command failed with exit code 1.',
      'INSTALL_FAILED',
    ],
    [
      'yarn',
      'error Your lockfile needs to be updated, but yarn was run with `--frozen-lockfile`.',
      'INSTALL_FAILED',
    ],
    [
      'yarn',
      'info There appears to be trouble with your network connection. Retrying...',
      'INSTALL_UNREACHABLE',
    ],
    [
      'berry',
      '➤ YN0028: │ The lockfile would have been modified by this install, which is explicitly forbidden.',
      'INSTALL_FAILED',
    ],
    ['berry', '➤ YN0001: │ RequestError: getaddrinfo ENOTFOUND r', 'INSTALL_UNREACHABLE'],
    ['bun', 'error: lockfile had changes, but lockfile is frozen', 'INSTALL_FAILED'],
    ['bun', 'error: ConnectionRefused downloading package manifest x', 'INSTALL_UNREACHABLE'],
    [null, 'make: *** [all] Error 2', 'INSTALL_UNREACHABLE'],
    [null, 'npm error code ERESOLVE', 'INSTALL_FAILED'],
  ];
  for (const [manager, output, expected] of table)
    assert.equal(classifyInstallFailure(manager, output), expected, output);
});

test('a lockfile that npm ci refuses is told from other wrong usage', () => {
  assert.ok(
    isLockfileRefusal(
      'npm error code EUSAGE\nnpm error\nnpm error `npm ci` can only install packages when your package.json and package-lock.json or npm-shrinkwrap.json are in sync.',
    ),
  );
  assert.ok(!isLockfileRefusal('npm error code EUSAGE\nnpm error\nnpm error Usage:'));
});

test('no secret of a URL is ever shown', () => {
  const table: [string, string][] = [
    ['https://user:secret@h/x.git', 'https://h/x.git'],
    ['https://ghp_secret@github.com/o/r', 'https://github.com/o/r'],
    ['ssh://git@h:22/x.git', 'ssh://h:22/x.git'],
    ['https://h/x?access_token=secret&a=1', 'https://h/x?access_token=***&a=1'],
    ['https://h/x?X-Amz-Signature=secret', 'https://h/x?X-Amz-Signature=***'],
    ['git@h:o/r.git', 'git@h:o/r.git'],
    ['/srv/git/x.git', '/srv/git/x.git'],
    ['https://h/x?page=2', 'https://h/x?page=2'],
  ];
  for (const [url, shown] of table) assert.equal(redactUrl(url), shown);
  assert.equal(
    redactUrls("fatal: unable to access 'https://u:p@h/': no, https://t@h/ neither"),
    "fatal: unable to access 'https://h/': no, https://h/ neither",
  );
});
