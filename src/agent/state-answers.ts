import { healthOf } from '../domain/agent-health.js';
import { isGitOpsError } from '../domain/errors.js';
import { jsonLine, jsonText, statusJson } from '../domain/json.js';
import { metricsOf, type Poller } from '../domain/metrics.js';
import { chooseFormat, CONTENT_TYPES, renderFamilies } from '../domain/openmetrics.js';
import type { Instant } from '../domain/release.js';
import { systemClock } from '../os/clock.js';
import { plainAnswer, type LoopbackAnswer, type LoopbackRequest } from '../os/loopback-server.js';
import { readLook } from '../state/observed-store.js';
import { openRoot } from './compose.js';
import { measure } from './measure.js';
import { oneAtATime } from './one-at-a-time.js';
import type { Root } from './root.js';
import { readStatus } from './status.js';
import { turnsOf } from './turns.js';

type Answer = (request: LoopbackRequest) => Promise<LoopbackAnswer>;

const LIMIT_MS = 10_000;
const FRESH_MS = 1_000;

/**
 * Answers what programs ask of the root in `folder`: `/metrics`, `/status`, `/healthz`. Everything is read when somebody asks,
 * from the records that the command line reads, at most once a second.
 */
export function stateAnswers(folder: string): Answer {
  const clock = systemClock({ background: true });
  const shared = <T>(read: (root: Root, signal: AbortSignal) => Promise<T>): (() => Promise<T>) =>
    oneAtATime(
      async () => read(await openRoot(folder, { background: true }), AbortSignal.timeout(LIMIT_MS)),
      { clock, freshMs: FRESH_MS },
    );
  const families = shared(async (root, signal) =>
    metricsOf(await measure(root, pollerNow(root.host.clock.now()), signal)),
  );
  const status = shared(async (root, signal) => statusJson(await readStatus(root, signal)));
  const health = shared(readHealth);
  const answers: Readonly<Record<string, Answer>> = {
    '/metrics': async ({ header }) => {
      const format = chooseFormat(header('accept'));
      return answerOf(renderFamilies(await families(), format), CONTENT_TYPES[format]);
    },
    '/status': async () => answerOf(`${jsonText(await status())}\n`, JSON_TYPE),
    '/healthz': async () => {
      const found = await health();
      return { ...answerOf(`${jsonLine(found)}\n`, JSON_TYPE), status: found.ok ? 200 : 503 };
    },
  };
  return async (request) => {
    const answer = Object.hasOwn(answers, request.path) ? answers[request.path] : undefined;
    return answer === undefined ? plainAnswer(404) : answer(request).catch(unreadable);
  };
}

const JSON_TYPE = 'application/json; charset=utf-8';

function answerOf(body: string, type: string): LoopbackAnswer {
  return { status: 200, headers: { 'content-type': type }, body };
}

/** A root that cannot be read, by a foreseen failure. */
function unreadable(error: unknown): LoopbackAnswer {
  if (!isGitOpsError(error)) throw error;
  return { ...plainAnswer(503), body: `${error.message}\n` };
}

async function readHealth(root: Root) {
  const now = root.host.clock.now();
  // A poller that has just begun has its first turn still to take.
  const taken = Math.max((await readLook(root.layout))?.turn ?? 0, pollerNow(now).startedAt);
  return healthOf({ root: root.layout.root, due: (await turnsOf(root)).following(taken), now });
}

function pollerNow(now: Instant): Poller {
  const { user, system } = process.cpuUsage();
  return {
    residentBytes: process.memoryUsage.rss(),
    cpuSeconds: (user + system) / 1e6,
    startedAt: now - process.uptime() * 1_000,
  };
}
