import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { GitOpsError } from '../domain/errors.js';
import { hasErrno } from '../os/errno.js';
import { statAt } from '../os/file-at.js';

/** Where a pm2 daemon listens. */
export interface DaemonPlace {
  /** The daemon's PM2_HOME. */
  readonly home: string;
  readonly platform: NodeJS.Platform;
}

/** `rpc` takes calls, `pub` tells events. */
export type SocketName = 'rpc' | 'pub';

const CONNECT_LIMIT_MS = 5_000;

/**
 * Connects to a running daemon; never starts one.
 * Throws `DAEMON_ABSENT`, `DAEMON_FOREIGN`, `DAEMON_SILENT` or `ABORTED`.
 */
export async function openSocket(place: DaemonPlace, name: SocketName, signal: AbortSignal): Promise<Socket> {
  if (place.platform !== 'win32') refuseForeign(place, name);
  const limit = AbortSignal.timeout(CONNECT_LIMIT_MS);
  const socket = connect(socketPath(place, name));
  try {
    await connected(socket, [signal, limit]);
    return socket;
  } catch (error) {
    socket.destroy();
    throw explain(error, { place, signal });
  }
}

function socketPath({ home, platform }: DaemonPlace, name: SocketName): string {
  // pm2 has fixed pipe names on Windows, whatever PM2_HOME says: one daemon a machine.
  return platform === 'win32' ? `\\\\.\\pipe\\${name}.sock` : join(home, `${name}.sock`);
}

function refuseForeign(place: DaemonPlace, name: SocketName): void {
  const uid = ownerOf(place, name);
  const mine = process.getuid?.();
  if (mine !== undefined && uid !== mine)
    throw foreign(place, `its socket belongs to uid ${uid}, we are uid ${mine}`);
}

function ownerOf(place: DaemonPlace, name: SocketName): number {
  try {
    const found = statAt(socketPath(place, name));
    if (found !== null) return found.uid;
  } catch (error) {
    throw explain(error, { place, signal: null });
  }
  throw absent(place, null);
}

function connected(socket: Socket, signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      settle(() => {
        reject(new GitOpsError('ABORTED', 'connecting to pm2 was cancelled'));
      });
    };
    const settle = (outcome: () => void): void => {
      for (const signal of signals) signal.removeEventListener('abort', stop);
      outcome();
    };
    for (const signal of signals) signal.addEventListener('abort', stop, { once: true });
    socket.once('connect', () => {
      settle(resolve);
    });
    socket.once('error', (error) => {
      settle(() => {
        reject(error);
      });
    });
    if (signals.some((signal) => signal.aborted)) stop();
  });
}

function explain(
  error: unknown,
  { place, signal }: { place: DaemonPlace; signal: AbortSignal | null },
): GitOpsError {
  if (signal?.aborted === true)
    return new GitOpsError('ABORTED', 'connecting to pm2 was cancelled', { cause: signal.reason });
  if (hasErrno(error, 'EACCES', 'EPERM')) return foreign(place, 'we may not open its socket');
  // ECONNREFUSED: a socket file that a killed daemon left behind; ECONNRESET: the daemon is dying at this moment.
  if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'ECONNREFUSED', 'ECONNRESET')) return absent(place, error);
  return new GitOpsError('DAEMON_SILENT', `the pm2 daemon of ${place.home} does not take our connection`, {
    cause: error,
    hint: 'see whether `pm2 ls` answers',
  });
}

function absent({ home }: DaemonPlace, cause: unknown): GitOpsError {
  return new GitOpsError('DAEMON_ABSENT', `no pm2 daemon runs for PM2_HOME ${home}`, {
    ...(cause === null ? {} : { cause }),
    hint: 'start your apps with pm2, or say --start-pm2',
  });
}

function foreign({ home }: DaemonPlace, why: string): GitOpsError {
  return new GitOpsError('DAEMON_FOREIGN', `the pm2 daemon of PM2_HOME ${home} is another user's: ${why}`, {
    hint: 'run pm2-gitops as the user whose pm2 runs the apps, or set PM2_HOME',
  });
}
