import { beginRun } from '../agent/begin.js';
import { hold, resume } from '../agent/orders.js';
import { isGitOpsError, messageOf } from '../domain/errors.js';
import { plainLine } from '../domain/plain.js';
import { describeRelease } from '../domain/release.js';
import { splitNamed } from '../domain/root-names.js';
import { stateOf } from '../domain/tell-state.js';
import type { Clock } from '../os/clock.js';
import type { Pm2Line } from '../os/pm2-line.js';
import { lookAt, type PolledRoot, type Sight } from './polled-root.js';

/** What an action does to a root and then says of it. `words`: what was given with it. */
type Action = (root: PolledRoot, words: string, signal: AbortSignal) => Promise<string>;

/** What `pm2 trigger` prints: whether all went well, and what each root says. */
interface ActionAnswer {
  readonly ok: boolean;
  readonly said: Readonly<Record<string, string>>;
}

const ACTIONS: Readonly<Record<string, Action>> = {
  status: async (root) => tellStanding(await lookAt(root)),
  check: async (root) => {
    const polled = await root.agent.check();
    return polled === 'launched'
      ? 'there is work to do: a worker is on its way'
      : tellStanding(await lookAt(root));
  },
  apply,
  hold: async (polled, words) => {
    const { root } = await lookAt(polled);
    const reason = words === '' ? 'pm2 trigger' : words;
    await hold(root, { reason, until: null });
    return `held: ${reason}`;
  },
  resume: async (polled) => {
    const { root } = await lookAt(polled);
    return (await resume(root)) ? `resumed: ${tellStanding(await lookAt(polled))}` : 'it was not held';
  },
};

// A look at a source that hangs has longer limits, and whoever types waits for it.
const ANSWER_LIMIT_MS = 25_000;

/** Answers `pm2 trigger`, always and in time: pm2 itself would wait for ever. Gives back how to stop. `nobody`: what is said where there is no root. */
export function answerTriggers(
  line: Pm2Line,
  roots: readonly PolledRoot[],
  { clock, signal, nobody }: { clock: Clock; signal: AbortSignal; nobody: string },
): () => void {
  return line.listen(Object.keys(ACTIONS), (action, parameter) => {
    const answered = new AbortController();
    const late = clock.sleep(ANSWER_LIMIT_MS, AbortSignal.any([answered.signal, signal])).then(
      () => refusal('still at it: see pm2-gitops status'),
      () => refusal('the poller is ending'),
    );
    const done =
      roots.length === 0 ? Promise.resolve(refusal(nobody)) : act(roots, { action, parameter }, signal);
    void Promise.race([done, late]).then((answer) => {
      line.reply(action, answer);
      answered.abort();
    });
  });
}

/**
 * Does what `pm2 trigger pm2-gitops ACTION [PARAMETER]` asks: of the root that the parameter begins with, else of all.
 * Whatever goes wrong is said in the answer.
 */
async function act(
  roots: readonly PolledRoot[],
  { action, parameter }: { action: string; parameter: string },
  signal: AbortSignal,
): Promise<ActionAnswer> {
  const names = new Map(roots.map(({ name, folder }) => [name, folder]));
  const { root: named, rest } = splitNamed(parameter.trim(), names);
  const words = rest === 'all' ? '' : rest;
  const perform = ACTIONS[action];
  if (perform === undefined || (words !== '' && action !== 'hold'))
    return refusal(`no root "${words}": ${[...names.keys()].join(', ')}, or all`);
  const meant = roots.filter(({ name }) => named === null || name === named);
  const told = await Promise.all(
    meant.map(async (root) => {
      const [ok, text] = await perform(root, words, signal).then(
        (said) => [true, said] as const,
        (error: unknown) => [false, tellProblem(error)] as const,
      );
      return { ok, name: root.name, text: plainLine(text) };
    }),
  );
  return {
    ok: told.every(({ ok }) => ok),
    said: Object.fromEntries(told.map(({ name, text }) => [name, text])),
  };
}

function refusal(problem: string): ActionAnswer {
  return { ok: false, said: { problem: plainLine(problem) } };
}

async function apply(polled: PolledRoot, _words: string, signal: AbortSignal): Promise<string> {
  const { root } = await lookAt(polled);
  const wanted = { cause: 'apply', to: null, hurried: false, startPm2: false, answer: false };
  const begun = await beginRun(root, wanted, signal);
  const desired = begun.desired === null ? 'nothing fits the rules' : describeRelease(begun.desired);
  if (begun.at === 'rest') return `nothing to do: ${desired}`;
  if (begun.at === 'gate') return `${begun.why.reason}: ${begun.why.detail}`;
  return `run ${begun.run} brings ${desired}: pm2-gitops logs --follow`;
}

function tellStanding({ glance }: Sight): string {
  const { active, desired, lastRun, why } = glance;
  const serves = active === null ? 'nothing serves yet' : `${active.tag} serves`;
  const wish = desired === null || desired.commit === active?.commit ? '' : `, ${desired.tag} is desired`;
  const last = lastRun?.outcome == null ? '' : `; last run ${lastRun.outcome} ${lastRun.to.tag}`;
  return `${serves}${wish}: ${stateOf(glance).word}${why === null ? '' : ` (${why.detail})`}${last}`;
}

function tellProblem(error: unknown): string {
  const hint = isGitOpsError(error) ? error.hint : null;
  return `problem: ${messageOf(error)}${hint === null ? '' : ` → ${hint}`}`;
}
