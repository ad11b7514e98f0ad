import type { Socket } from 'node:net';
import * as v from 'valibot';
import { GitOpsError } from '../domain/errors.js';
import { encode, MessageDecoder, readArgument } from './amp.js';
import { openSocket, type DaemonPlace } from './socket.js';

/** How long one call may take, and who may end it. */
interface CallOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** A connection to a running pm2 daemon. */
export interface Daemon {
  /** Its PM2_HOME. */
  readonly home: string;
  /** Calls one of pm2's methods. Throws `DAEMON_SILENT`, `DAEMON_REFUSED` or `ABORTED`. */
  call(method: string, args: readonly unknown[], options: CallOptions): Promise<unknown>;
  close(): void;
}

/** What is to be done with the answer of one call. */
interface PendingCall {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: GitOpsError) => void;
}

const MAX_REPLY_BYTES = 64 * 1024 * 1024;
const Reply = v.union([
  v.looseObject({
    error: v.pipe(
      v.unknown(),
      v.check((error) => error !== undefined && error !== null),
    ),
  }),
  v.looseObject({ args: v.optional(v.array(v.unknown()), []) }),
]);

/** Connects to the daemon of a PM2_HOME; never starts one. Throws `DAEMON_ABSENT`, `DAEMON_FOREIGN`, `DAEMON_SILENT` or `ABORTED`. */
export async function connectDaemon(place: DaemonPlace, signal: AbortSignal): Promise<Daemon> {
  return new RpcConnection(place.home, await openSocket(place, 'rpc', signal));
}

/** Request `[{type: "call", method, args}, id]`, reply `[{args} | {error}, id]`; replies come in any order. */
class RpcConnection implements Daemon {
  readonly #pending = new Map<string, PendingCall>();
  readonly #decoder = new MessageDecoder(MAX_REPLY_BYTES);
  #calls = 0;

  constructor(
    readonly home: string,
    private readonly socket: Socket,
  ) {
    socket.on('data', (chunk: Buffer) => {
      this.#receive(chunk);
    });
    socket.on('error', (error) => {
      this.#fail(error);
    });
    socket.on('close', () => {
      this.#fail(null);
    });
  }

  call(method: string, args: readonly unknown[], options: CallOptions): Promise<unknown> {
    if (options.signal.aborted) return Promise.reject(cancelled(method, options.signal));
    if (!this.socket.writable)
      return Promise.reject(silent(`pm2 closed the connection before ${method}`, null));
    this.#calls += 1;
    const id = `${process.pid}:${this.#calls}`;
    const answer = this.#awaitReply(id, { method, ...options });
    this.socket.write(encode([{ type: 'call', method, args }, id]));
    return answer;
  }

  close(): void {
    this.socket.destroy();
  }

  #awaitReply(id: string, { method, signal, timeoutMs }: CallOptions & { method: string }): Promise<unknown> {
    return new Promise((resolve, reject) => {
      // Joined: with a listener for each of many calls, Node.js would warn of a leak in the caller's signal.
      const limit = AbortSignal.timeout(timeoutMs);
      const ends = AbortSignal.any([signal, limit]);
      const settle = (outcome: () => void): void => {
        this.#pending.delete(id);
        ends.removeEventListener('abort', onEnd);
        outcome();
      };
      const onEnd = (): void => {
        settle(() => {
          reject(limit.aborted ? late(method, timeoutMs) : cancelled(method, signal));
        });
      };
      ends.addEventListener('abort', onEnd);
      this.#pending.set(id, {
        resolve: (value) => {
          settle(() => {
            settleReply(value, { method, resolve, reject });
          });
        },
        reject: (error) => {
          settle(() => {
            reject(error);
          });
        },
      });
    });
  }

  #receive(chunk: Buffer): void {
    try {
      for (const [reply, id] of this.#decoder.push(chunk)) {
        if (reply === undefined || id === undefined) continue;
        // A call that gave up is no longer pending: its late reply is nobody's.
        this.#pending.get(String(readArgument(id)))?.resolve(readArgument(reply));
      }
    } catch (error) {
      this.#fail(error);
      this.socket.destroy();
    }
  }

  #fail(cause: unknown): void {
    for (const call of [...this.#pending.values()])
      call.reject(silent('pm2 closed the connection in the middle of a call', cause));
  }
}

function settleReply(value: unknown, { method, resolve, reject }: PendingCall & { method: string }): void {
  const reply = v.safeParse(Reply, value);
  if (!reply.success) {
    reject(silent(`pm2 answered ${method} with something that is no reply`, reply.issues));
  } else if ('error' in reply.output) {
    reject(new GitOpsError('DAEMON_REFUSED', `pm2 refused ${method}: ${describe(reply.output.error)}`));
  } else {
    resolve(reply.output.args[0]);
  }
}

function describe(error: unknown): string {
  return typeof error === 'string' ? error : JSON.stringify(error);
}

function late(method: string, timeoutMs: number): GitOpsError {
  return silent(`pm2 did not answer ${method} within ${Math.round(timeoutMs / 100) / 10} s`, null);
}

function cancelled(method: string, signal: AbortSignal): GitOpsError {
  return new GitOpsError('ABORTED', `the call of pm2's ${method} was cancelled`, { cause: signal.reason });
}

function silent(message: string, cause: unknown): GitOpsError {
  return new GitOpsError('DAEMON_SILENT', message, {
    ...(cause === null ? {} : { cause }),
    hint: 'see whether `pm2 ls` answers; if not, `pm2 kill` and `pm2 resurrect`',
  });
}
