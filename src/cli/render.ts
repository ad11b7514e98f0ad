import type { LogLine } from '../agent/log-tail.js';
import { saySpan } from '../domain/moment.js';
import { plainLine } from '../domain/plain.js';
import { describeRelease, type Instant, type Release } from '../domain/release.js';
import type { Run } from '../domain/run.js';
import type { DriftReport } from '../domain/tell-drift.js';
import type { OrphanStatus, OutageStatus, ProcessStatus, Status } from '../domain/status.js';
import { columnMoments, untilOf, type Say } from './moment.js';
import { renderPolicyLine } from './render-policy.js';
import { columnsOf, cut, wrap } from './columns.js';
import { alignRows, type Colors, type Screen } from './terminal.js';

/** When and how `status` is told. */
export interface Telling {
  readonly now: Instant;
  readonly say: Say;
  readonly colors: Colors;
  readonly columns: number | null;
}

/** `status` for people. */
export function renderStatus(status: Status, telling: Telling): string {
  const { colors, columns } = telling;
  const { machine, root, strategy, channel, pin } = status;
  const follows = pin === null ? `channel ${channel}` : `pinned on ${pin.tag}, channel ${channel}`;
  const parts = [
    `${colors.bold(plainLine(machine.name))}  ${plainLine(root)}  ${colors.dim(plainLine(`${strategy}, ${follows}`))}`,
    alignRows(stateRows(status, telling), { columns }),
    renderProcesses(status, telling),
    ...status.drift.map((drift) => renderDrift(drift, telling)),
    ...status.orphans.map((orphan) => renderOrphan(orphan, telling)),
    ...status.warnings.map((warning) => `${colors.yellow('!')} ${plainLine(warning)}`),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** One line of a run's log, as progress. */
export function renderLogLine({ at, kind, text }: LogLine, say: Say, colors: Colors): string {
  const time = colors.dim(say(Date.parse(at)));
  return kind === 'step' ? `${time}  ${plainLine(text)}` : `${time}  ${colors.dim(`  ${plainLine(text)}`)}`;
}

/** Runs for people, newest first: a row each, on a narrow terminal with what is long below it. */
export function renderRuns(runs: readonly Run[], zone: string, { colors, columns }: Screen): string {
  const say = columnMoments(zone);
  const rows = runs.map((run) => [
    say(run.startedAt),
    plainLine(run.from?.tag ?? '–'),
    '→',
    plainLine(run.to.tag),
    colorOutcome(run, colors),
    run.endedAt === null ? '' : saySpan(run.endedAt - run.startedAt),
    plainLine(run.cause),
    colors.dim(plainLine(run.id)),
    run.problem === null ? '' : plainLine(run.problem.split('\n')[0] ?? ''),
  ]);
  const heads = [`when (${zone})`, 'from', '', 'to', 'outcome', 'took', 'cause', 'run', 'problem'];
  const table = alignRows([heads.map(colors.dim), ...rows]);
  if (columns === null || table.split('\n').every((line) => columnsOf(line) <= columns)) return table;
  const short = [heads.map(colors.dim), ...rows].map((row) => row.slice(0, -2));
  const [head = '', ...lines] = alignRows(short)
    .split('\n')
    .map((line) => cut(line, columns));
  const below = rows.map((row) => wrap(row.slice(-2).join('  ').trimEnd(), columns - 2));
  return [head, ...lines.flatMap((line, n) => [line, ...(below[n] ?? []).map((more) => `  ${more}`)])].join(
    '\n',
  );
}

function stateRows(status: Status, telling: Telling): string[][] {
  const { desired, staged, active, lastRun, lastPoll, nextPoll } = status;
  const { now, say, colors } = telling;
  const rows = [
    [
      'active',
      active === null
        ? colors.dim('nothing yet')
        : `${name(active)}  ${colors.dim(`for ${saySpan(now - active.since)}`)}`,
    ],
    [
      'desired',
      desired === null ? colors.dim(lastPoll === null ? 'not looked yet' : 'nothing fits') : name(desired),
    ],
    ['state', stateText(status, telling)],
  ];
  if (staged !== null) rows.push(['staged', name(staged)]);
  if (status.policy !== null) rows.push(['policy', renderPolicyLine(status.policy, say, colors)]);
  if (lastRun !== null)
    rows.push([
      'last run',
      `${plainLine(`${lastRun.from?.tag ?? 'nothing'} → ${lastRun.to.tag}`)}  ${colorOutcome(lastRun, colors)}  ${colors.dim(plainLine(lastRun.id))}`,
    ]);
  if (lastRun?.problem != null) rows.push(['', plainLine(lastRun.problem.split('\n')[0] ?? '')]);
  const poll =
    lastPoll === null
      ? 'not yet'
      : `${saySpan(Math.max(0, now - lastPoll.at))} ago${lastPoll.ok ? '' : colors.red(', failed')}`;
  rows.push(['last look', `${poll}  ${colors.dim(`next ${say(nextPoll)}`)}`]);
  if (lastPoll?.outage != null) rows.push(['', colors.dim(outageText(lastPoll.outage, say))]);
  for (const entry of status.quarantine)
    rows.push(['quarantine', `${name(entry)}  ${plainLine(entry.cause.split('\n')[0] ?? '')}`]);
  return rows.map(([label, ...rest]) => [colors.dim(label ?? ''), ...rest]);
}

function outageText({ since, failures, until, by }: OutageStatus, say: Telling['say']): string {
  const count = `${failures} ${failures === 1 ? 'turn' : 'turns'} failed since ${say(since)}`;
  if (until === null) return count;
  return by === 'server'
    ? `${count}; the server asked to be left alone until ${say(until)}`
    : `${count}; the next ones until ${say(until)} do not look (pm2-gitops apply does)`;
}

function stateText({ behind, desired, why, phase }: Status, { say, colors }: Telling): string {
  if (why !== null) {
    const color = why.reason === 'stuck' || why.reason === 'quarantined' ? colors.red : colors.yellow;
    return `${color(`${behind ? 'behind: ' : ''}${why.reason}${untilOf(why, say)}`)}  ${plainLine(why.detail)}`;
  }
  if (phase !== 'idle' && phase !== 'staged')
    return colors.yellow(`${plainLine(phase)}, and its worker is gone: the next poll takes it up`);
  if (desired === null) return colors.yellow('nothing to serve yet');
  return behind
    ? colors.yellow('behind: the next poll brings it (or pm2-gitops apply now)')
    : colors.green('up to date');
}

function renderDrift({ detail, repair, until, mend }: DriftReport, { say, colors }: Telling): string {
  const then = {
    poll: 'the next poll repairs it',
    later: `repaired again after ${until === null ? 'a while' : say(until)}`,
    person: plainLine(mend),
  }[repair];
  return `${colors.yellow('drift')}  ${plainLine(detail)}\n       ${colors.dim(`→ ${then}`)}`;
}

function renderOrphan(
  { pid, command, since, pmId, name, count }: OrphanStatus,
  { now, colors }: Telling,
): string {
  const below = count > 1 ? `, ${count} processes` : '';
  const what = plainLine(`${name} ${pmId} left ${pid} behind: ${command}`);
  return `${colors.yellow('child')}  ${what}  ${colors.dim(`for ${saySpan(Math.max(0, now - since))}${below}`)}`;
}

function renderProcesses({ processes, active, desired }: Status, telling: Telling): string {
  if (processes.length === 0) return '';
  const { colors, columns } = telling;
  const known: Release[] = [active, desired].flatMap((release) => (release === null ? [] : [release]));
  const rows = processes.map((process) => processRow(process, known, telling));
  return alignRows([['id', 'app', 'pid', 'status', 'runs', 'up'].map(colors.dim), ...rows], { columns });
}

function processRow(process: ProcessStatus, known: readonly Release[], { now, colors }: Telling): string[] {
  const { pmId, name: app, pid, status, commit, since } = process;
  const release = known.find((candidate) => candidate.commit === commit);
  const runs = commit === null ? '' : (release?.tag ?? commit.slice(0, 7));
  const color = status === 'online' ? colors.green : status === 'stopped' ? colors.dim : colors.red;
  return [
    String(pmId),
    plainLine(app),
    pid === null ? '' : String(pid),
    color(plainLine(status)),
    plainLine(runs),
    since === null ? '' : saySpan(Math.max(0, now - since)),
  ];
}

function colorOutcome({ outcome, endedAt }: Run, colors: Colors): string {
  if (outcome === null) return endedAt === null ? colors.yellow('under way') : '';
  return outcome === 'activated' ? colors.green(outcome) : colors.red(outcome);
}

function name(release: Release): string {
  return plainLine(describeRelease(release));
}
