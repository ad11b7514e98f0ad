import { messageOf } from '../domain/errors.js';
import { plainLine } from '../domain/plain.js';
import { stateOf } from '../domain/tell-state.js';
import type { Clock } from '../os/clock.js';
import type { Pm2Line } from '../os/pm2-line.js';
import { lookAt, type PolledRoot, type Sight } from './polled-root.js';

/** What `pm2 show` says under each name. */
type Values = Readonly<Record<string, string>>;

// A run's phases last for seconds, and people look on.
const REFRESH_MS = 5_000;
// pm2 makes its table as wide as the longest value; `pm2 trigger pm2-gitops status` and `status` tell all of it.
const WIDTH = 100;

/** Keeps pm2's screens true until the signal aborts. */
export async function keepScreens(
  line: Pm2Line,
  roots: readonly PolledRoot[],
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<void> {
  let shown: Values = {};
  while (!signal.aborted) {
    const values = Object.fromEntries(
      (await Promise.all(roots.map((root) => valuesOf(root, roots)))).flatMap(Object.entries<string>),
    );
    const news = Object.entries(values).filter(([name, value]) => shown[name] !== value);
    if (news.length > 0) line.show(Object.fromEntries(news));
    shown = values;
    await clock.sleep(REFRESH_MS, signal).catch(() => undefined); // the loop ends
  }
}

/** With several roots each name says whose it is. */
async function valuesOf(root: PolledRoot, roots: readonly PolledRoot[]): Promise<Values> {
  const values = await lookAt(root).then(tellSight, tellProblem);
  if (roots.length === 1) return values;
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${root.name}: ${name}`, value]));
}

function tellSight({ glance, say }: Sight): Values {
  const { active, desired, phase, nextPoll, lastRun, why } = glance;
  return {
    release: plainLine(active?.tag ?? 'none yet'),
    desired: plainLine(desired?.tag ?? 'none'),
    phase,
    state: plainLine(cut(`${stateOf(glance).word}${why === null ? '' : ` (${why.detail})`}`)),
    'next poll': say(nextPoll),
    'last outcome': plainLine(lastRun?.outcome == null ? 'none yet' : `${lastRun.outcome} ${lastRun.to.tag}`),
  };
}

function tellProblem(error: unknown): Values {
  return { state: plainLine(cut(`problem: ${messageOf(error)}`)) };
}

function cut(text: string): string {
  return text.length <= WIDTH ? text : `${text.slice(0, WIDTH - 1)}…`;
}
