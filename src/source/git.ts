import { GitOpsError, isGitOpsError } from '../domain/errors.js';
import { classifyGitFailure } from '../domain/git-failure.js';
import { redactUrl } from '../domain/redact.js';
import type { Ref } from '../domain/release.js';
import { boundMemory, gitCommand, gitMissing, gitStartFailure, NOT_FOUND } from '../os/git.js';
import { query, type Answer } from '../os/query.js';
import { sshEnvironment } from '../os/ssh.js';
import { failedLook } from './failed-look.js';
import {
  BOUNDS,
  LEAST_BYTES_PER_SECOND,
  MAX_ANSWER_BYTES,
  type LookPlace,
  type Remote,
} from './look-place.js';
import type { Wanted } from './question.js';

// Git holds all refs before it prints one, some hundred bytes each; a credential helper may want more than git.
const MAX_MEMORY_BYTES = 512 * 1024 * 1024;

/** Lists refs by `git ls-remote`: any remote that git can reach, by all that git has been told. Throws as `listRefs` does. */
export async function listByGit(remote: Remote, { tags, names }: Wanted, place: LookPlace): Promise<Ref[]> {
  const args = [
    ...['-c', `http.lowSpeedLimit=${LEAST_BYTES_PER_SECOND}`],
    ...['-c', `http.lowSpeedTime=${Math.ceil((place.bounds ?? BOUNDS).stallMs / 1000)}`],
    'ls-remote',
    '--quiet',
    ...kindsOf(tags, [...names]),
    '--end-of-options',
    remote.url,
    ...(tags ? ['refs/tags/*'] : []),
    ...[...names].flatMap((name) => [name, `${name}^{}`]),
  ];
  const answer = await ask(args, remote, place);
  if (answer.code === 0) return parseRefs(answer.stdout);
  const refused = classifyGitFailure(answer.stderr) === 'refused';
  throw failedLook(remote, {
    kind: refused ? 'refused' : 'unreachable',
    why: lastLine(answer.stderr),
  });
}

/** Git narrows by the kind of ref, by nothing else: a forge may have a hundred thousand pull requests. */
function kindsOf(tags: boolean, names: readonly string[]): string[] {
  const isTag = (name: string): boolean => name.startsWith('refs/tags/');
  const isHead = (name: string): boolean => name.startsWith('refs/heads/');
  if (!names.every((name) => isTag(name) || isHead(name))) return [];
  return [...(tags || names.some(isTag) ? ['--tags'] : []), ...(names.some(isHead) ? ['--heads'] : [])];
}

/** Reads the lines of `git ls-remote`: `<id> TAB <ref>`, with `<ref>^{}` giving the commit of an annotated tag (gitprotocol-pack). */
export function parseRefs(text: string): Ref[] {
  const refs = new Map<string, Ref>();
  for (const line of text.split('\n')) {
    const found = /^([0-9a-f]{40}|[0-9a-f]{64})\t(\S+?)(\^\{\})?$/.exec(line);
    const [, id, name, peeled] = found ?? [];
    if (id === undefined || name === undefined) continue;
    const own = refs.get(name);
    if (own === undefined) refs.set(name, { name, commit: id });
    else if (peeled === undefined) refs.set(name, { ...own, object: id });
    else refs.set(name, { name, commit: id, object: own.commit });
  }
  return [...refs.values()];
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

function lastLine(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const fatal = lines.findLast((line) => /^(fatal|error|remote|ssh|ERROR)\b/.test(line));
  return (fatal ?? lines.at(-1) ?? 'git said nothing').replace(/^(fatal|error): /, '');
}
