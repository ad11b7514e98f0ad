import { systemClock } from '../../src/os/clock.js';
import { waitFor } from '../bed/wait.js';
import type { Find } from './shop.js';
import type { Screen } from './screen.js';
import type { Scene } from './telling.js';
import type { Change, Sight, Witness } from './witness.js';

/** How a release came to a machine: moments as instants, null for what never happened. */
export interface Passage {
  readonly tag: string;
  readonly tagged: number;
  readonly noticed: number | null;
  readonly staged: number | null;
  /** When the first process served it, or died of it. */
  readonly first: number | null;
  /** When all processes served it. */
  readonly all: number | null;
  /** When the worker began to take it back. */
  readonly back: number | null;
  /** When it was proven, or the former release again. */
  readonly ended: number | null;
  /** The release that is active in the end. */
  readonly active: string;
  readonly changes: readonly Change[];
  readonly finder: Find | null;
}

const LOOK_MS = 100;
const LIMIT_MS = 60_000;
const FINDER_LIMIT_MS = 5_000;
const clock = systemClock();

/** Watches a release from its tag to the end of its run, and shows each thing as it is seen. */
export async function watchPassage(
  tag: string,
  tagged: number,
  { witness, screen, signal, ...schedule }: Scene,
): Promise<Passage> {
  const limit = AbortSignal.timeout(LIMIT_MS);
  let passage: Passage = { ...UNSEEN, tag, tagged };
  while (passage.ended === null || witness.isExpecting()) {
    if (limit.aborted) throw new Error(`${missing(passage)} within ${LIMIT_MS / 1000} s`);
    for (const sight of await witness.look()) {
      passage = await note(passage, sight, witness);
      show(passage, sight, screen);
    }
    screen.live(`${since(passage, Date.now()).trim()}  ${present(passage, schedule)}`);
    await clock.sleep(LOOK_MS, signal);
  }
  return passage;
}

function missing({ tag, noticed, staged, ended }: Passage): string {
  if (noticed === null) return `nobody noticed ${tag}`;
  if (staged === null) return `${tag} was not staged`;
  return ended === null
    ? `${tag} was neither proven nor taken back`
    : `a process did not answer after ${tag}`;
}

const UNSEEN = {
  noticed: null,
  staged: null,
  first: null,
  all: null,
  back: null,
  ended: null,
  active: '',
  changes: [],
  finder: null,
};

async function note(passage: Passage, sight: Sight, witness: Witness): Promise<Passage> {
  if (sight.kind !== 'phase') return noteChange(passage, sight, witness);
  const { at, active } = sight;
  switch (sight.phase) {
    case 'staging':
      return { ...passage, noticed: at, finder: await finderOf(passage, witness) };
    case 'staged':
      return { ...passage, staged: at };
    case 'rollingBack':
      return { ...passage, back: passage.back ?? at };
    case 'idle':
    case 'stuck':
      return { ...passage, ended: at, active };
    default:
      return passage;
  }
}

/** Its line may come a moment after the worker's first. */
function finderOf({ tag, tagged }: Passage, witness: Witness): Promise<Find> {
  return waitFor(`a process that noticed ${tag}`, () => witness.finder(tagged), { limitMs: FINDER_LIMIT_MS });
}

function noteChange(passage: Passage, { change, at }: SeenChange, witness: Witness): Passage {
  const isNew = change.now.version === passage.tag;
  const serving = witness.serving();
  const everywhere = isNew && serving.every(({ version }) => version === passage.tag);
  return {
    ...passage,
    first: passage.first ?? (isNew ? at : null),
    all: passage.all ?? (everywhere ? at : null),
    changes: [...passage.changes, change],
  };
}

type SeenPhase = Extract<Sight, { kind: 'phase' }>;
type SeenChange = Exclude<Sight, SeenPhase>;

function show(passage: Passage, sight: Sight, screen: Screen): void {
  const text =
    sight.kind === 'phase' ? phaseText(passage, sight, screen) : changeText(passage, sight, screen);
  if (text !== null) screen.line(`  ${screen.colors.dim(since(passage, sight.at))}  ${text}`);
}

function phaseText({ finder, back }: Passage, { phase, at }: SeenPhase, { colors }: Screen): string | null {
  switch (phase) {
    case 'staging': {
      const name = colors.bold(`${finder?.name ?? ''} ${finder?.pmId ?? ''}`);
      return `noticed by the agent in ${name}, pid ${finder?.pid ?? ''}; it launches a worker`;
    }
    case 'staged':
      return 'staged beside the running release';
    case 'rollingBack':
      return back === at ? colors.yellow('unhealthy: the worker takes it back') : null;
    default:
      return null;
  }
}

function changeText(passage: Passage, { kind, change }: SeenChange, { colors }: Screen): string {
  const { now, before } = change;
  const isBack = now.version !== passage.tag;
  const mark = kind === 'died' ? colors.red('✗') : isBack ? colors.yellow('↩') : colors.green('✓');
  const remarks = [
    ...(kind === 'died' ? [colors.red('died at start')] : []),
    ...(before !== null && before.pid === passage.finder?.pid ? [colors.dim('it noticed')] : []),
  ];
  return [
    `${mark} ${now.name.padEnd(4)} ${now.pmId}`,
    `${String(before?.pid ?? '').padStart(7)} → ${String(now.pid).padEnd(7)}`,
    before?.version === now.version
      ? `${now.version} again`
      : `${before?.version ?? ''} → ${kind === 'died' ? colors.red(now.version) : colors.bold(now.version)}`,
    ...remarks,
  ].join('  ');
}

/** What goes on when nothing is seen. */
function present(
  { noticed, staged, back, tag }: Passage,
  { turn, everyMs }: Pick<Scene, 'turn' | 'everyMs'>,
): string {
  if (noticed === null) {
    const leftMs = everyMs + ((turn - Date.now()) % everyMs);
    return `nobody knows of ${tag} yet; the next look is in ${Math.ceil((leftMs % everyMs) / 1000)} s`;
  }
  if (staged === null) return `staging ${tag}`;
  return back === null ? 'restarting and proving: one first, then the others' : 'proving the former release';
}

function since({ tagged }: Passage, at: number): string {
  return `+${((at - tagged) / 1000).toFixed(1)} s`.padStart(8);
}
