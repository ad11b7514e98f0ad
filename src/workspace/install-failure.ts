import type { ErrorCode } from '../domain/errors.js';
import type { ManagerName } from './managers.js';

/** The error that a failed install becomes. */
export type InstallFailure = Extract<ErrorCode, 'INSTALL_UNREACHABLE' | 'INSTALL_FAILED' | 'DISK_FULL'>;

const DISK =
  /\bENOSPC\b|\bEDQUOT\b|no space left on device|disk quota exceeded|not enough space on the disk/i;

// Asked before the release's faults: a package's script that could not download its binary fails like any other script.
const NETWORK = new RegExp(
  [
    '\\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ECONNABORTED|ETIMEDOUT|ESOCKETTIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE)\\b',
    '\\b(?:ERR_SOCKET_TIMEOUT|ENEEDAUTH|UND_ERR_\\w+)\\b|UNABLE_TO_\\w+|CERT_\\w+|SELF_SIGNED_CERT|ERR_TLS\\w*',
    '\\bE(?:401|403|407|408|429|5\\d\\d)\\b|ERR_PNPM_FETCH_(?:401|403|407|408|429|5\\d\\d)|ERR_PNPM_META_FETCH_FAIL',
    '(?:status|code|http|error|response)\\D{0,20}\\b(?:401|403|407|408|429|50\\d)\\b',
    '\\b50[0-4] (?:internal|not implemented|bad gateway|service unavailable|gateway)|too many requests',
    'socket hang ?up|network (?:request|timeout|error|connection)|trouble with your network|getaddrinfo|tunneling socket|ConnectionRefused|request timed? ?out|fetch failed',
  ].join('|'),
  'i',
);

const RELEASE: Readonly<Record<ManagerName, RegExp>> = {
  npm: /\bcode (?:EUSAGE|ERESOLVE|ETARGET|EJSONPARSE|EINVALIDPACKAGENAME|EINVALIDTAGNAME|EDUPLICATEWORKSPACE|EOVERRIDE)\b|\bcommand failed\b|\bcode ELIFECYCLE\b/i,
  pnpm: /ERR_PNPM_(?:OUTDATED_LOCKFILE|LOCKFILE_\w+|FROZEN_LOCKFILE\w*|NO_MATCHING_VERSION\w*|BROKEN_LOCKFILE|PEER_DEP_ISSUES|BAD_PACKAGE_JSON|INVALID_OVERRIDE\w*|PATCH_\w+|UNUSED_PATCH)|\bELIFECYCLE\b|(?:pre|post)?install[^\n]*: failed/i,
  yarn: /lockfile needs to be updated|couldn't find any versions for|error [^\n]*: command failed|exit code: [1-9]|invalid package\.json/i,
  berry:
    /\bYN(?:0028|0082|0009|0010|0016)\b|lockfile would have been (?:modified|created)|couldn't be built successfully/i,
  bun: /lockfile had changes|lockfile is frozen|no version matching|(?:pre|post)?install script from [^\n]* exited with|failed to parse lockfile/i,
};

/**
 * Names who is at fault for a failed install by what it printed. Pure.
 * Only what is certainly the release's fault is `INSTALL_FAILED`: that puts it into quarantine, while a fault wrongly laid on the
 * environment is merely tried again. A package that is not what was locked may be a proxy's login page, or cut off: it is tried again. `manager` is null for an install command of the release's own.
 */
export function classifyInstallFailure(manager: ManagerName | null, output: string): InstallFailure {
  if (DISK.test(output)) return 'DISK_FULL';
  if (NETWORK.test(output)) return 'INSTALL_UNREACHABLE';
  const faults = manager === null ? Object.values(RELEASE) : [RELEASE[manager]];
  return faults.some((fault) => fault.test(output)) ? 'INSTALL_FAILED' : 'INSTALL_UNREACHABLE';
}

/** Whether npm's `ci` refused the lockfile as being out of step with package.json. */
export function isLockfileRefusal(output: string): boolean {
  return /\bcode EUSAGE\b/.test(output) && /\bcan only install (?:packages )?(?:when|with)\b/.test(output);
}
