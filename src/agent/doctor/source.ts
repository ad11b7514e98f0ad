import type { MachineConfig } from '../../config/machine.js';
import { chooseRelease } from '../../domain/channel.js';
import { ok, orOk, problem, skipped, warning, type Check } from '../../domain/check.js';
import { judgePolling } from '../../domain/doctor/polling.js';
import { wishFacts } from '../../domain/decide.js';
import { isGitOpsError } from '../../domain/errors.js';
import type { Facts } from '../../domain/facts.js';
import { movedTags, trustedRefs, type Observed } from '../../domain/observed.js';
import { sha7 } from '../../domain/release.js';
import { openAccess } from '../../source/credentials.js';
import { movedTo } from '../../source/moved.js';
import { tellWay, type Way } from '../../source/tell-way.js';
import type { Root } from '../root.js';
import { pollEveryMs } from '../schedule.js';
import type { Visit } from './visit.js';

/** Whether the source answers, who asks it and with what, where it has gone, and what the channel picks of it. */
export async function checkSource(visit: Visit): Promise<Check[]> {
  const { root, signal } = visit;
  const observed = await visit.observed();
  const line = await checkLine(root, observed, signal);
  return observed.error === null
    ? [...line, ...checkChoice(root, { observed, facts: await visit.facts() })]
    : line;
}

/** How often this machine, and its fleet, ask the source. */
export async function checkPolling({ root, facts }: Visit): Promise<Check[]> {
  const { policy } = await facts();
  const { repository, credentials } = root.config;
  const known = policy.at === 'read' ? policy.policy.roster.length : 0;
  return [
    judgePolling({
      everyMs: await pollEveryMs(root),
      repository,
      isAnonymous: credentials === null && /^https?:/i.test(repository),
      machines: known === 0 ? null : known,
    }),
  ];
}

/** Who asks, with which credentials, and whether they work; and whether the repository has another address by now. */
async function checkLine(root: Root, observed: Observed, signal: AbortSignal): Promise<Check[]> {
  const { config, host, layout } = root;
  const place = { cwd: layout.root, signal, background: host.background };
  const look = sourceCheck(observed);
  const access = await openAccess(config, host).catch((error: unknown) => {
    if (isGitOpsError(error, 'SOURCE_REFUSED')) return null; // the look told it
    throw error;
  });
  if (access === null) return [look];
  const remote = { url: config.repository, ...access };
  const way = await tellWay(remote, place);
  const moved = way.by === 'poller' ? await movedTo(remote, place) : null;
  return [
    look,
    wayCheck(way),
    ...keyChecks(config, observed),
    ...(moved === null ? [] : [movedCheck(moved)]),
  ];
}

function sourceCheck({ error, code, refs }: Observed): Check {
  if (error === null) return ok('source.source', `reachable, ${refs.length} refs`);
  const mend =
    code === 'SOURCE_REFUSED'
      ? 'check the repository and its credentials in gitops.json'
      : 'check the network and the repository in gitops.json; the next look tries again';
  return problem('source.source', error, mend);
}

function wayCheck(way: Way): Check {
  return ok(
    'source.way',
    way.by === 'git'
      ? `asked by git: ${way.why}`
      : 'asked by the poller itself, over a connection that it keeps',
  );
}

/** A source that cannot be reached says nothing of credentials. */
function keyChecks({ credentials, repository }: MachineConfig, { error, code }: Observed): Check[] {
  const from = keyFrom(credentials, repository);
  if (error === null) return [ok('source.credentials', from)];
  const mend =
    credentials === null
      ? 'name some under credentials in gitops.json, or mend those of git'
      : 'renew them: the next look takes the new ones';
  return code === 'SOURCE_REFUSED' ? [problem('source.credentials', `${from}: refused`, mend)] : [];
}

function keyFrom(credentials: MachineConfig['credentials'], repository: string): string {
  if (credentials === null || !/^https?:/i.test(repository))
    return "git's own, if it needs any: helpers, netrc, keys of ssh";
  const { from } = credentials;
  return 'env' in from ? `the environment variable ${from.env}` : `the file ${from.file}`;
}

function movedCheck(address: string): Check {
  return warning(
    'source.repository',
    `it moved to ${address} for good`,
    `put that under "repository" in gitops.json`,
  );
}

function checkChoice(root: Root, { observed, facts }: { observed: Observed; facts: Facts }): Check[] {
  // The fleet's policy may choose another channel than gitops.json.
  const { channel, channelText } = wishFacts(facts).rules;
  const choice = chooseRelease(channel, trustedRefs(observed), root.config.tagPrefix);
  const picks = choice.found
    ? ok('source.channel', `${channelText} picks ${choice.release.tag} (${sha7(choice.release.commit)})`)
    : warning('source.channel', choice.detail, 'tag a release, or pm2-gitops channel NAME');
  const moved = movedTags(observed).map(({ tag, seen, now }) =>
    warning(
      'source.tags',
      `${tag} moved from ${sha7(seen)} to ${sha7(now)}: not followed`,
      'never move a version tag: tag a new one',
    ),
  );
  const tags = orOk(moved, 'source.tags', 'no version tag has moved');
  return [picks, ...tags, ...policyChecks(observed, facts)];
}

function policyChecks({ policyError }: Observed, { policy }: Facts): Check[] {
  if (policy.at === 'none') return [skipped('policy.policy', 'none is named')];
  const mend = 'see policy in gitops.json, and pm2-gitops policy show';
  if (policy.at === 'unread') return [problem('policy.policy', policy.detail, mend)];
  const trouble = policyError ?? policy.problem;
  return [
    trouble === null
      ? ok('policy.policy', `version ${policy.policy.version}, ${sha7(policy.commit)}`)
      : warning('policy.policy', trouble, mend),
  ];
}
