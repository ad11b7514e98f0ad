import { readAllStatus, type RootReport } from '../../agent/known-roots.js';
import { openRoot } from '../../agent/compose.js';
import { readStatus } from '../../agent/status.js';
import { isGitOpsError } from '../../domain/errors.js';
import type { Status } from '../../domain/status.js';
import { EXIT, exitCodeOf, worstOf } from '../exit.js';
import { problemJson, statusJson } from '../json.js';
import { momentsOf } from '../moment.js';
import { renderRoots } from '../render-roots.js';
import { renderStatus } from '../render.js';
import { namedFolder, verb, type CommonOptions, type Session } from '../session.js';
import type { Verb } from '../verb.js';

interface StatusOptions extends CommonOptions {
  readonly all?: boolean;
}

/** `status`: what is desired, staged, active, running, and why the machine is behind. Outside of any root: all of them. */
export function statusVerb(session: Session, end: (code: number) => void): Verb {
  return verb(
    'status',
    'what is desired, active and running, and why it is behind; outside of a root: all roots',
  )
    .option('--all', 'all roots of this user, a line for each')
    .option('--json', 'for programs')
    .example('status', 'what runs here, and what does not yet')
    .example('status --json', 'the same for a script; ends with 3 while this machine is behind')
    .example('status --all', 'all roots of this machine')
    .action(async (options: StatusOptions) => {
      const folder = await folderOrError(options);
      if (typeof folder === 'string') end(await showOne(folder, session));
      else end(await showAll(folder, session));
    });
}

/** The root that is meant; an error where all are: there is none to be found here. */
async function folderOrError(options: StatusOptions): Promise<string | Error | null> {
  if (options.all === true) return null;
  try {
    return await namedFolder(options);
  } catch (error) {
    if (isGitOpsError(error, 'NOT_A_ROOT')) return error;
    throw error;
  }
}

async function showOne(folder: string, { terminal, signal }: Session): Promise<number> {
  const root = await openRoot(folder);
  const status = await readStatus(root, signal);
  const { colors, columns } = terminal;
  const telling = { now: root.host.clock.now(), say: momentsOf(root), colors, columns };
  terminal.tell(statusJson(status), renderStatus(status, telling));
  return exitCode(status);
}

async function showAll(notHere: Error | null, { terminal, signal }: Session): Promise<number> {
  const reports = await readAllStatus(signal);
  if (reports.length === 0 && notHere !== null) throw notHere;
  terminal.tell(
    { schema: 1, roots: reports.map(reportJson) },
    reports.length === 0 ? 'no roots yet' : renderRoots(reports, terminal),
  );
  return worstOf(reports.map(exitCodeOfReport));
}

function reportJson(report: RootReport): object {
  return report.at === 'read'
    ? { ...statusJson(report.status), error: null }
    : { root: report.folder, error: problemJson(report.error) };
}

/** A root that was removed is no problem of this machine. */
function exitCodeOfReport(report: RootReport): number {
  if (report.at === 'read') return exitCode(report.status);
  return report.at === 'gone' ? EXIT.done : exitCodeOf(report.error);
}

function exitCode({ phase, behind }: Status): number {
  if (phase === 'stuck') return EXIT.stuck;
  return behind ? EXIT.behind : EXIT.done;
}
