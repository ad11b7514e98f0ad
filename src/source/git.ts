import { GitOpsError, isGitOpsError } from '../domain/errors.js';
import { classifyGitFailure } from '../domain/git-failure.js';
import type { Channel } from '../domain/channel.js';
import { redactUrl, redactUrls } from '../domain/redact.js';
import type { Ref } from '../domain/release.js';
import type { Env } from '../os/env.js';
import { gitCommand } from '../os/git.js';
import { query, type Answer } from '../os/query.js';
import { sshEnvironment } from '../os/ssh.js';

/** A repository that git can reach, and the environment that lets it in. */
export interface Remote {
  readonly url: string;
  readonly env: Env;
}

/** From where git asks, until when, and whether the process may end meanwhile. */
export interface LookPlace {
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly background: boolean;
}

const LOOK_LIMIT_MS = 30_000;
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/**
 * Lists the refs that a channel may pick from: all tags, and the branch or ref that it names. Annotated tags are peeled to their commit.
 * Throws `SOURCE_UNREACHABLE`, `SOURCE_REFUSED`, `GIT_MISSING`, `GIT_FAILED`, `ABORTED`.
 */
export async function listRefs(
  remote: Remote,
  channel: Channel,
  { cwd, signal, background }: LookPlace,
): Promise<Ref[]> {
  const args = [
    'ls-remote',
    '--quiet',
    '--end-of-options',
    remote.url,
    'refs/tags/*',
    ...refPatterns(channel),
  ];
  const answer = await ask(args, remote, { cwd, signal, background });
  if (answer.code === 0) return parseRefs(answer.stdout);
  const refused = classifyGitFailure(answer.stderr) === 'refused';
  throw new GitOpsError(
    refused ? 'SOURCE_REFUSED' : 'SOURCE_UNREACHABLE',
    `cannot list the refs of ${redactUrl(remote.url)}: ${lastLine(answer.stderr)}`,
    {
      hint: refused
        ? 'check the repository and its credentials in gitops.json'
        : 'check the network; the next poll tries again',
    },
  );
}

/** Reads the lines of `git ls-remote`: `<id> TAB <ref>`, with `<ref>^{}` giving the commit of an annotated tag (gitprotocol-pack). */
export function parseRefs(text: string): Ref[] {
  const commits = new Map<string, string>();
  for (const line of text.split('\n')) {
    const found = /^([0-9a-f]{40}|[0-9a-f]{64})\t(\S+?)(\^\{\})?$/.exec(line);
    const [, id, name, peeled] = found ?? [];
    if (id === undefined || name === undefined) continue;
    if (peeled !== undefined || !commits.has(name)) commits.set(name, id);
  }
  return Array.from(commits, ([name, commit]) => ({ name, commit }));
}

async function ask(
  args: readonly string[],
  remote: Remote,
  { cwd, signal, background }: LookPlace,
): Promise<Answer> {
  try {
    const limits = { signal, limitMs: LOOK_LIMIT_MS, maxBytes: MAX_ANSWER_BYTES, background };
    const env = await sshEnvironment({ cwd, env: remote.env }, { signal, background });
    return await query(gitCommand(args, { cwd, env }), limits);
  } catch (error) {
    if (isGitOpsError(error, 'COMMAND_MISSING')) {
      throw new GitOpsError('GIT_MISSING', 'git is not in PATH', { cause: error, hint: 'install git' });
    }
    if (!isGitOpsError(error, 'COMMAND_TIMEOUT')) throw error;
    throw new GitOpsError('SOURCE_UNREACHABLE', `${redactUrl(remote.url)}: ${error.message}`, {
      cause: error,
    });
  }
}

function refPatterns(channel: Channel): string[] {
  if (channel.kind === 'branch') return [`refs/heads/${channel.branch}`];
  if (channel.kind !== 'ref') return [];
  return channel.ref.startsWith('refs/')
    ? [channel.ref]
    : [`refs/heads/${channel.ref}`, `refs/${channel.ref}`];
}

function lastLine(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const fatal = lines.findLast((line) => /^(fatal|error|remote|ssh|ERROR)\b/.test(line));
  return redactUrls((fatal ?? lines.at(-1) ?? 'git said nothing').replace(/^(fatal|error): /, ''));
}
