import type { Application, Kind } from './application.js';
import { ratiosOf, spreadOf, type Spread } from './numbers.js';
import type { Span } from './timeline.js';
import { WAYS, type Brought, type Way, type WayName } from './way.js';

/** How long one way took with one kind of release, and how many times as long today's way took. */
export interface WayResult {
  readonly way: WayName;
  readonly serves: Spread;
  readonly ends: Spread;
  readonly ratio: Spread;
  /** Until all serve, without fetch, install, restarts and settle. */
  readonly own: Spread;
  readonly rows: readonly Row[];
}

/** One step's median share of a run. */
export interface Row {
  readonly name: string;
  readonly kind: Span['kind'];
  readonly ms: number;
}

/** What was measured with one kind of release. */
export interface KindResult {
  readonly kind: Kind;
  readonly ways: readonly WayResult[];
}

const KINDS: readonly Kind[] = ['same lockfile', 'changed lockfile'];

/** Tags releases and has every way bring each of them; which way goes first changes from round to round. */
export async function measureRelease(
  { application, ways }: { application: Application; ways: readonly Way[] },
  rounds: number,
  tell: (text: string) => void,
): Promise<KindResult[]> {
  const taken = new Map<Kind, Map<WayName, Brought[]>>(KINDS.map((kind) => [kind, new Map()]));
  for (let round = 0; round < rounds; round += 1) {
    for (const kind of KINDS) {
      const tag = await application.release(kind);
      for (const way of turned(ways, round)) {
        tell(`round ${round + 1} of ${rounds}, ${kind}: ${way.name}`);
        const all = taken.get(kind);
        all?.set(way.name, [...(all.get(way.name) ?? []), await way.bring(tag)]);
      }
    }
  }
  return KINDS.map((kind) => ({ kind, ways: resultsOf(taken.get(kind) ?? new Map<WayName, Brought[]>()) }));
}

function resultsOf(taken: ReadonlyMap<WayName, readonly Brought[]>): WayResult[] {
  const today = (taken.get(WAYS[0]) ?? []).map(({ servesMs }) => servesMs);
  return WAYS.map((way) => {
    const all = taken.get(way) ?? [];
    const serves = all.map(({ servesMs }) => servesMs);
    return {
      way,
      serves: spreadOf(serves),
      ends: spreadOf(all.map(({ endsMs }) => endsMs)),
      ratio: ratiosOf(today, serves),
      own: spreadOf(all.map(ownMs)),
      rows: rowsOf(all),
    };
  });
}

/** What is ours until the last process started; the proof after that keeps nobody waiting. */
function ownMs({ spans, servesMs }: Brought): number {
  const [first] = spans;
  if (first === undefined) return 0;
  const end = first.from + servesMs;
  return spans
    .filter(({ kind }) => kind === 'ours')
    .reduce((sum, { from, to }) => sum + Math.max(0, Math.min(to, end) - from), 0);
}

function rowsOf(all: readonly Brought[]): Row[] {
  const names = new Map(all.flatMap(({ spans }) => spans.map(({ name, kind }) => [name, kind])));
  return Array.from(names, ([name, kind]) => ({
    name,
    kind,
    ms: spreadOf(all.map(({ spans }) => sumOf(spans, name))).median,
  }));
}

function sumOf(spans: readonly Span[], name: string): number {
  return spans.filter((span) => span.name === name).reduce((sum, { from, to }) => sum + to - from, 0);
}

function turned<T>(all: readonly T[], by: number): T[] {
  const first = by % all.length;
  return [...all.slice(first), ...all.slice(0, first)];
}
