import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { parseLogLine, type LogLine } from '../../src/observe/log.js';
import type { Layout } from '../../src/state/layout.js';
import { runIds, runLog } from '../../src/state/runs.js';
import { journalLine } from '../../src/state/schema.js';
import { readObserved } from '../../src/state/observed-store.js';

/** A stretch of time between two moments, and whose it is: work that any way of deploying has to do, the wait that the release chose, or ours. */
export interface Span {
  readonly name: string;
  readonly kind: 'fetch' | 'install' | 'restart' | 'settle' | 'ours';
  readonly from: number;
  readonly to: number;
}

/** The end of a span; null where the run has no such moment: the span after it begins earlier. */
interface Mark {
  readonly name: string;
  readonly kind: Span['kind'];
  readonly at: number | null;
}

/** What the last `apply` of a root spent its time on, by the records that it left. The command's own end is known later. */
export async function spansOfApply(
  layout: Layout,
  startedAt: number,
): Promise<(endedAt: number) => readonly Span[]> {
  const run = (await runIds(layout)).at(-1) ?? '';
  const lines = linesOf(await readFile(runLog(layout, run), 'utf8'));
  const phases = await phasesOf(layout, run);
  const marks: readonly Mark[] = [
    { name: 'start the command line', kind: 'ours', at: (await readObserved(layout))?.at ?? null },
    { name: 'look (git ls-remote), decide', kind: 'ours', at: momentOfRun(run) },
    { name: 'launch, start the worker', kind: 'ours', at: await lockedAt(layout) },
    ...stagingMarks(lines, phases),
    ...rollMarks(lines),
    { name: 'record, pm2 save', kind: 'ours', at: phases.get('idle') ?? null },
  ];
  return (endedAt) => spansOf(startedAt, [...marks, { name: 'tidy, tell, end', kind: 'ours', at: endedAt }]);
}

function stagingMarks(lines: readonly Moment[], phases: ReadonlyMap<string, number>): Mark[] {
  const at = (pattern: RegExp): number | null => lines.find(({ text }) => pattern.test(text))?.at ?? null;
  return [
    { name: 'decide, ask what stands in the way', kind: 'ours', at: phases.get('staging') ?? null },
    { name: 'look into the mirror', kind: 'ours', at: at(/^fetch: \S+ \(\w+\) from /) },
    { name: 'fetch', kind: 'fetch', at: at(/^stage: check out/) },
    { name: 'check out, read the configuration', kind: 'ours', at: at(/^install:/) },
    { name: 'install', kind: 'install', at: lastOutput(lines) },
    { name: 'copy, list what was made, sync, mark', kind: 'ours', at: phases.get('staged') ?? null },
    { name: 'ask the gates again', kind: 'ours', at: phases.get('activating') ?? null },
    { name: 'switch', kind: 'ours', at: phases.get('proving') ?? null },
  ];
}

/** Each wave of a roll: `web 0: restarting`, then `web 0: pid 1 → 2`, then `web 0: healthy`. */
function rollMarks(lines: readonly Moment[]): Mark[] {
  const marks: Mark[] = [];
  for (const { text, at } of lines) {
    const mark = rollMark(text, at);
    if (mark === null) continue;
    const last = marks.at(-1);
    if (last?.name !== mark.name) marks.push(mark);
    // Of several processes the last one counts, but the first one to be asked.
    else if (mark.kind !== 'ours') marks.splice(-1, 1, mark);
  }
  return marks;
}

function rollMark(text: string, at: number): Mark | null {
  if (/^\S+ \d+: restarting$/.test(text)) return { name: 'prepare a wave', kind: 'ours', at };
  if (/^\S+ \d+: pid /.test(text)) return { name: "pm2's restarts", kind: 'restart', at };
  if (/^\S+ \d+: healthy/.test(text)) return { name: 'settle', kind: 'settle', at };
  return null;
}

function spansOf(startedAt: number, marks: readonly Mark[]): Span[] {
  const spans: Span[] = [];
  let from = startedAt;
  for (const { name, kind, at } of marks) {
    if (at === null) continue;
    spans.push({ name, kind, from, to: at });
    from = at;
  }
  return spans;
}

interface Moment extends Omit<LogLine, 'at'> {
  readonly at: number;
}

function linesOf(text: string): Moment[] {
  return text.split('\n').flatMap((line) => {
    const parsed = parseLogLine(line);
    return parsed === null ? [] : [{ ...parsed, at: Date.parse(parsed.at) }];
  });
}

/** The package manager's last word; null where nothing was installed. */
function lastOutput(lines: readonly Moment[]): number | null {
  const begins = lines.findIndex(({ text }) => text.startsWith('install: '));
  const ends = lines.findIndex(({ text }) => text.startsWith('activate: '));
  return lines.slice(begins, ends).findLast(({ kind }) => kind === 'output')?.at ?? null;
}

/** When each phase of a run began; `idle` is its end. */
async function phasesOf({ journal }: Layout, run: string): Promise<ReadonlyMap<string, number>> {
  const text = await readFile(journal, 'utf8');
  const entries = text
    .split('\n')
    .filter(Boolean)
    .map((line) => v.parse(journalLine, JSON.parse(line)));
  const first = entries.findIndex(({ upgrade: { phase } }) => 'run' in phase && phase.run === run);
  return new Map(entries.slice(first).map(({ at, upgrade }): [string, number] => [upgrade.phase.at, at]));
}

/** A run's id begins with the moment at which its worker was launched. */
function momentOfRun(run: string): number {
  const [, date, time, ms] = /^(\d{8})-(\d{6})-(\d{3})-/.exec(run) ?? [];
  const [day, clock] = [
    date?.replace(/(....)(..)(..)/, '$1-$2-$3'),
    time?.replace(/(..)(..)(..)/, '$1:$2:$3'),
  ];
  return Date.parse(`${day ?? ''}T${clock ?? ''}.${ms ?? ''}Z`);
}

/** The lock's file keeps what its last holder said. */
async function lockedAt({ upgradeLock }: Layout): Promise<number> {
  const holder = v.object({ startedAt: v.number() });
  return v.parse(holder, JSON.parse(await readFile(upgradeLock, 'utf8'))).startedAt;
}
