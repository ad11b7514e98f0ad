import { existsSync } from 'node:fs';
import { GitOpsError, messageOf } from '../domain/errors.js';
import { hasErrno } from './files.js';

/** Why a program could not be started: `COMMAND_MISSING` where it or its folder is not there, else `SYSTEM_FAILED` with the system's word. */
export function startFailure(
  { file, cwd }: { readonly file: string; readonly cwd: string },
  cause: unknown,
): GitOpsError {
  if (!existsSync(cwd)) {
    return new GitOpsError('COMMAND_MISSING', `cannot start ${file}: its folder ${cwd} is gone`, { cause });
  }
  if (hasErrno(cause, 'ENOENT')) {
    const hint = `install ${file}`;
    return new GitOpsError('COMMAND_MISSING', `cannot start ${file}: it is not in PATH`, { cause, hint });
  }
  return new GitOpsError('SYSTEM_FAILED', `cannot start ${file}: ${messageOf(cause)}`, {
    cause,
    hint: 'check the memory, the limits and the rights of this user (ulimit -a)',
  });
}
