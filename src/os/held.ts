import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { hasErrno } from './files.js';

// libuv's UV_FS_O_EXLOCK: open with no sharing mode at all, which Windows grants only while nobody else has the file open.
const ALONE = 0x10000000;

/** Whether some process has a file open; `unknown` where the system does not tell by opening it. */
export async function isHeldOpen(path: string): Promise<'yes' | 'no' | 'unknown'> {
  if (process.platform !== 'win32') return 'unknown';
  try {
    await (await open(path, constants.O_RDWR | ALONE)).close();
    return 'no';
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return 'no';
    if (hasErrno(error, 'EBUSY', 'EPERM', 'EACCES')) return 'yes';
    throw error;
  }
}
