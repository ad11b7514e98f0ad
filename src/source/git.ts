import { GitOpsError, isGitOpsError } from '../domain/errors.js';
import { classifyGitFailure } from '../domain/git-failure.js';
import type { Channel } from '../domain/channel.js';
import { redactUrl, redactUrls } from '../domain/redact.js';
import type { Ref } from '../domain/release.js';
import type { Env } from '../os/env.js';
import { boundMemory, gitCommand, gitMissing, gitStartFailure, NOT_FOUND } from '../os/git.js';
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
  readonly bounds?: LookBounds | undefined;
}

/** How long a look may take, and how long, over http, next to nothing may come. */
export interface LookBounds {
  readonly totalMs: number;
  readonly stallMs: number;
}

/** A long list over a slow line takes its time; silence does not. */
const BOUNDS: LookBounds = { totalMs: 90_000, stallMs: 20_000 };
const LEAST_BYTES_PER_SECOND = 100;
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
// Git holds all refs before it prints one, some hundred bytes each; a credential helper may want more than git.
const MAX_MEMORY_BYTES = 512 * 1024 * 1024;

/** Which refs are asked for: all tags and the branches or refs that channels name, if there are any channels, and others by their full names. */
export interface Question {
  readonly channels: readonly Channel[];
  readonly named?: readonly string[];
}

/**
 * Lists the refs that somebody asks for, in one request. Annotated tags are peeled to their commit.
 * Throws `SOURCE_UNREACHABLE`, `SOURCE_REFUSED`, `GIT_MISSING`, `GIT_FAILED`, `ABORTED`.
 */
export async function listRefs(
  remote: Remote,
  { channels, named = [] }: Question,
  place: LookPlace,
): Promise<Ref[]> {
  const args = [
    ...['-c', `http.lowSpeedLimit=${LEAST_BYTES_PER_SECOND}`],
    ...['-c', `http.lowSpeedTime=${Math.ceil((place.bounds ?? BOUNDS).stallMs / 1000)}`],
    'ls-remote',
    '--quiet',
    '--end-of-options',
    remote.url,
    ...(channels.length === 0 ? [] : ['refs/tags/*']),
    ...channels.flatMap(refPatterns),
    ...named.flatMap((name) => [name, `${name}^{}`]),
  ];
  const answer = await ask(args, remote, place);
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
  { cwd, signal, background, bounds = BOUNDS }: LookPlace,
): Promise<Answer> {
  try {
    const limits = { signal, limitMs: bounds.totalMs, maxBytes: MAX_ANSWER_BYTES, background };
    const env = await sshEnvironment({ cwd, env: remote.env }, { signal, background });
    const command = boundMemory(gitCommand(args, { cwd, env }), MAX_MEMORY_BYTES);
    const answer = await query(command, limits);
    if (answer.code === NOT_FOUND) throw gitMissing();
    return answer;
  } catch (error) {
    if (isGitOpsError(error, 'COMMAND_MISSING')) throw gitStartFailure(error);
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
