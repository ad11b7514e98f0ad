import { fixable, ok, orOk, problem, warning, type Check } from '../check.js';

/** One record on disk. */
export interface RecordSight {
  readonly path: string;
  /** `torn`: some lines of it say nothing. */
  readonly is: 'whole' | 'torn' | 'unreadable' | 'newer' | 'aside';
}

/** Whether every record of a root can be read, and which could not be and were put aside. */
export function judgeRecords(records: readonly RecordSight[]): Check[] {
  const found = records.flatMap((record) => recordCheck(record));
  return orOk(found, 'root.records', `${records.length} can be read`);
}

function recordCheck({ path, is }: RecordSight): Check[] {
  const disk = 'check the disk (dmesg, SMART)';
  switch (is) {
    case 'whole':
      return [];
    case 'torn':
      return [
        warning(
          'root.records',
          `${path} has lines that say nothing: the newest whole one counts`,
          `${disk}; it mends itself with the next run`,
        ),
      ];
    case 'unreadable':
      return [
        problem(
          'root.records',
          `${path} cannot be read; who needs it puts it aside and begins anew`,
          `${disk}; keep a copy if it matters`,
        ),
      ];
    case 'newer':
      return [
        problem(
          'root.records',
          `${path} was written by a newer pm2-gitops`,
          'update pm2-gitops on this machine',
        ),
      ];
    case 'aside':
      return [
        warning(
          'root.records',
          `${path} could not be read and was put aside`,
          `${disk}; remove the file when nobody needs it any more`,
        ),
      ];
  }
}

/** What of the state folder others may get at. */
export function judgeRights(open: readonly string[]): Check {
  const id = 'root.state-rights';
  if (open.length === 0) return ok(id, 'nobody else gets at the state');
  return fixable(
    warning(
      id,
      `${list(open)} may be read or written by others`,
      `chmod go-rwx ${open.slice(0, 3).join(' ')}`,
    ),
    { do: 'close', paths: open },
  );
}

/** What a killed worker left; nothing is at work now. */
export function judgeLeftovers(paths: readonly string[]): Check {
  const id = 'root.leftovers';
  if (paths.length === 0) return ok(id, 'none');
  return fixable(warning(id, list(paths), 'nothing: the next run removes them; or doctor --fix'), {
    do: 'remove',
    paths,
  });
}

/** The locks of a git that no longer runs. */
export function judgeLocks(stale: readonly string[]): Check {
  const id = 'root.git-locks';
  if (stale.length === 0) return ok(id, 'none');
  return fixable(
    warning(
      id,
      `${list(stale)}: a killed git left them`,
      'nothing: the next run removes them; or doctor --fix',
    ),
    { do: 'unlock' },
  );
}

const FEW = 3;

function list(paths: readonly string[]): string {
  const rest = paths.length - FEW;
  return `${paths.slice(0, FEW).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
