import { stat } from 'node:fs/promises';
import { livingProcesses, textOf } from '../os/proc-linux.js';

/** A pm2 daemon that lives on the machine, whosever it is. */
export interface LivingDaemon {
  readonly home: string;
  readonly pid: number;
  readonly uid: number;
}

// As pm2 calls its daemon in the list of processes. The system cuts that off where the command line was shorter.
const TITLE = /^PM2 v\S+: God Daemon(?: \((?<home>.+?)\))?/;

/** The daemons that live on the machine; null where the system does not tell. On Windows there is but one. */
export async function livingDaemons(platform: NodeJS.Platform): Promise<LivingDaemon[] | null> {
  if (platform === 'win32') return [];
  if (platform !== 'linux') return null;
  const found = [...livingProcesses().keys()].map(async (pid) => {
    const home = homeOf(pid);
    const uid = home === undefined ? null : await ownerOf(pid);
    return home === undefined || uid === null ? [] : [{ home, pid, uid }];
  });
  return (await Promise.all(found)).flat();
}

function homeOf(pid: number): string | undefined {
  const title = TITLE.exec(textOf(pid, 'cmdline'));
  if (title === null) return undefined;
  return title.groups?.['home'] ?? /(?:^|\0)PM2_HOME=([^\0]+)/.exec(textOf(pid, 'environ'))?.[1];
}

/** Null for one that is gone. */
async function ownerOf(pid: number): Promise<number | null> {
  return stat(`/proc/${pid}`).then(
    ({ uid }) => uid,
    () => null,
  );
}
