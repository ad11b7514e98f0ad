import { stat } from 'node:fs/promises';
import { livingProcesses, textOf } from '../os/proc-linux.js';

/** A pm2 daemon that lives on the machine, whosever it is. */
export interface LivingDaemon {
  readonly home: string;
  readonly pid: number;
  readonly uid: number;
}

// As pm2 calls its daemon in the list of processes.
const TITLE = /^PM2 v\S+: God Daemon \((.+?)\)/;

/** The daemons that live on the machine; null where the system does not tell. On Windows there is but one. */
export async function livingDaemons(platform: NodeJS.Platform): Promise<LivingDaemon[] | null> {
  if (platform === 'win32') return [];
  if (platform !== 'linux') return null;
  const found = [...livingProcesses().keys()].map(async (pid) => {
    const home = TITLE.exec(textOf(pid, 'cmdline'))?.[1];
    const uid = home === undefined ? null : await ownerOf(pid);
    return home === undefined || uid === null ? [] : [{ home, pid, uid }];
  });
  return (await Promise.all(found)).flat();
}

/** Null for one that is gone. */
async function ownerOf(pid: number): Promise<number | null> {
  return stat(`/proc/${pid}`).then(
    ({ uid }) => uid,
    () => null,
  );
}
