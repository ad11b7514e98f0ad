import { join } from 'node:path';
import { exists, readTextIfAny, syncFile, syncFolder } from '../os/files.js';

/** The pid that the daemon of a PM2_HOME wrote down, or null. */
export async function daemonPid(home: string): Promise<number | null> {
  const text = await readTextIfAny(join(home, 'pm2.pid'));
  return text !== null && /^\d+\s*$/.test(text) ? Number(text) : null;
}

/** Whether the user has pm2 remember its list over a reboot. */
export async function usesSavedList(home: string): Promise<boolean> {
  return exists(join(home, 'dump.pm2'));
}

/** Has that list on disk. pm2 writes it, and a copy of the one before, and leaves both to the cache: lost, a reboot would start nothing. */
export async function syncSavedList(home: string): Promise<void> {
  for (const name of ['dump.pm2', 'dump.pm2.bak']) await syncFile(join(home, name));
  await syncFolder(home);
}
