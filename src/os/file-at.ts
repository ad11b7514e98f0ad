import { stat } from 'node:fs/promises';
import { hasErrno } from './errno.js';

/** Which file lies there, and in which state; null where there is none. A file that is replaced or written to is another one. */
export async function fileAt(path: string): Promise<string | null> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [ino, size, mtimeNs, ctimeNs].join(' ');
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}
