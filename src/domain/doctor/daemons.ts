import { ok, orOk, problem, skipped, warning, type Check } from '../check.js';

/** A pm2 daemon that lives on the machine beside ours, and what of it is the root's. */
export interface OtherDaemon {
  readonly home: string;
  readonly pid: number;
  readonly uid: number;
  /** The names of its apps that run from the root; null: it does not tell us. */
  readonly apps: readonly string[] | null;
}

/** Whether others than our daemon run processes of the root: nobody restarts those. */
export function judgeOtherDaemons(others: readonly OtherDaemon[] | null): Check[] {
  const id = 'pm2.other-daemons';
  if (others === null) return [skipped(id, 'the system does not tell which daemons live')];
  const found = others.flatMap(({ home, pid, uid, apps }) =>
    apps === null || apps.length === 0
      ? []
      : [
          problem(
            id,
            `the pm2 daemon of ${home} (pid ${pid}, uid ${uid}) runs ${apps.join(', ')} from this root, too: nobody restarts that`,
            `keep one of them: PM2_HOME=${home} pm2 delete ${apps.join(' ')}, as that user; or run pm2-gitops with that PM2_HOME`,
          ),
        ],
  );
  return orOk(found, id, others.length === 0 ? 'none' : besideOurs(others));
}

/** Those that do not tell are another user's, or too busy: they may run what they like. */
function besideOurs(others: readonly OtherDaemon[]): string {
  const silent = others.filter(({ apps }) => apps === null).map(({ home }) => home);
  const all = `${others.length}, and none runs anything of this root`;
  return silent.length === 0 ? all : `${all} as far as they answer: nothing from ${silent.join(', ')}`;
}

/** Whether the pm2 that a person calls is the daemon's; null: none is in PATH, or no daemon answers. */
export function judgeVersions(cli: string | null, daemon: string | null): Check {
  if (cli === null)
    return skipped('pm2.version', 'there is no pm2 in PATH; the daemon is spoken to without it');
  if (daemon === null) return skipped('pm2.version', 'no daemon answers');
  if (cli === daemon) return ok('pm2.version', cli);
  return warning(
    'pm2.version',
    `pm2 in PATH is ${cli}, the daemon ${daemon}: each call of pm2 says so before it answers`,
    'pm2 save && pm2 update, at a quiet time: it restarts all apps',
  );
}

/** As whom doctor runs, and to whom the root belongs. */
export function judgeUser({
  own,
  owner,
}: {
  readonly own: number | null;
  readonly owner: number | null;
}): Check {
  if (own === null || owner === null) return skipped('pm2.user', 'the system has no such numbers');
  if (own === owner) return ok('pm2.user', `uid ${own}`);
  return warning(
    'pm2.user',
    `we are uid ${own}, the root belongs to uid ${owner}: another user's pm2 may be the one that runs it`,
    own === 0 ? `work as that user: sudo -u '#${owner}' pm2-gitops doctor` : 'work as that user',
  );
}
