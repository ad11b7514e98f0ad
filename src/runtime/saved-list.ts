import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { SavedList } from '../domain/doctor/saved-list.js';
import { hasErrno, readTextIfAny } from '../os/files.js';
import { isReachableByOthers } from '../os/trusted.js';
import { parseSavedList } from './traits.js';

/** Reads what the daemon of a PM2_HOME would start after a reboot. */
export async function readSavedList(home: string): Promise<SavedList> {
  const path = join(home, 'dump.pm2');
  const text = await readTextIfAny(path);
  if (text === null) return { at: 'none' };
  const apps = parseSavedList(text);
  if (apps === null) return { at: 'broken', path };
  const writtenAt = await stat(path).then(({ mtimeMs }) => mtimeMs);
  const copy = join(dirname(path), 'dump.pm2.bak');
  const isOpen = (await isReachableByOthers(path)) || (await isOpenIfAny(copy));
  return { at: 'read', path, writtenAt, apps, isOpen };
}

async function isOpenIfAny(path: string): Promise<boolean> {
  try {
    return await isReachableByOthers(path);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return false;
    throw error;
  }
}
