import { once } from 'node:events';
import * as v from 'valibot';
import type { ListenAddress } from '../config/metrics.js';
import { GitOpsError, messageOf } from '../domain/errors.js';
import type { Clock } from '../os/clock.js';
import { hasErrno } from '../os/files.js';
import { openLoopbackServer, type LoopbackServer } from '../os/loopback-server.js';
import { ask } from '../runtime/http.js';
import { stateAnswers } from './state-answers.js';

/** Who listens, and who hears of what goes wrong. */
export interface Listening {
  readonly folder: string;
  readonly address: ListenAddress;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProblem: (error: unknown) => void;
}

// Any number of pollers may be there; when the one that listens ends, the next one does before many are asked in vain.
const RETRY_MS = 10_000;
const LIMIT_MS = 2_000;

/** What came of an attempt to listen. `known`: it is known who does instead, and told if that is a problem. */
type Attempt =
  { readonly at: 'listening'; readonly server: LoopbackServer } | { readonly at: 'known' | 'unknown' };

/** Listens as soon as nobody else does, until the signal aborts. That somebody else does is a problem only if it is no poller of this root. */
export async function listen(listening: Listening): Promise<void> {
  const { clock, signal } = listening;
  const rest = (): Promise<boolean> =>
    clock.sleep(RETRY_MS, signal).then(
      () => true,
      () => false,
    );
  let attempt = await tryToListen(listening, 'unknown');
  while (attempt.at !== 'listening' && (await rest())) attempt = await tryToListen(listening, attempt.at);
  if (attempt.at !== 'listening') return;
  if (!signal.aborted) await once(signal, 'abort');
  await attempt.server.close();
}

async function tryToListen(listening: Listening, before: 'known' | 'unknown'): Promise<Attempt> {
  const { folder, address, onProblem } = listening;
  const answer = stateAnswers(folder);
  try {
    const server = await openLoopbackServer({ ...address, background: true, answer, onProblem });
    return { at: 'listening', server };
  } catch (error) {
    if (before === 'known' || listening.signal.aborted) return { at: before };
    const other = hasErrno(error, 'EADDRINUSE') ? await whoListens(listening) : messageOf(error);
    if (other === null) return { at: 'unknown' };
    if (other !== US) onProblem(cannotListen(address, other, error));
    return { at: 'known' };
  }
}

function cannotListen({ host, port }: ListenAddress, why: string, cause: unknown): GitOpsError {
  return new GitOpsError('CONFIG_INVALID', `metrics.listen: cannot listen at ${host}:${port}: ${why}`, {
    cause,
    hint: 'name another port in gitops.json; each root needs its own',
  });
}

const healthAnswer = v.object({ root: v.string() });

const US = 'a poller of this root does';

/** Who listens, in words; null: nobody any more. */
async function whoListens({ folder, address: { host, port }, signal }: Listening): Promise<string | null> {
  const url = new URL(`http://${host.includes(':') ? `[${host}]` : host}:${port}/healthz`);
  try {
    const { body } = await ask(url, { limitMs: LIMIT_MS, signal, wantsBody: true });
    const { root } = v.parse(healthAnswer, JSON.parse(body));
    return root === folder ? US : `the poller of ${root} does`;
  } catch (error) {
    return signal.aborted || hasErrno(error, 'ECONNREFUSED', 'ECONNRESET') ? null : 'another program does';
  }
}
