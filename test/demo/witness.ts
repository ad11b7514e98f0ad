import { join } from 'node:path';
import * as v from 'valibot';
import { hasErrno, readTextIfAny } from '../../src/os/files.js';
import { layoutOf } from '../../src/state/layout.js';
import { parseRecord } from '../../src/state/records.js';
import { journalLine } from '../../src/state/schema.js';
import type { Phase } from '../../src/domain/upgrade.js';
import { AnswerSchema, FindSchema, StartSchema, type Find, type Start } from './shop.js';
import type { World } from './world.js';

/** One process that changed over, or died of it. */
export interface Change {
  readonly now: Start;
  /** The incarnation that the visitor saw last. */
  readonly before: Start | null;
}

/** What was seen happening. */
export type Sight =
  | { readonly kind: 'serves'; readonly change: Change; readonly at: number }
  | { readonly kind: 'died'; readonly change: Change; readonly at: number }
  | { readonly kind: 'phase'; readonly phase: Phase['at']; readonly active: string; readonly at: number };

type Fate = 'starting' | 'serves' | 'died';

const ASK_LIMIT_MS = 1_000;
// The workers of a cluster share a port and take turns.
const ASKS_A_PORT = 3;

/**
 * Sees for itself what happens: the lines that each process leaves when it starts, the answers that it gives over HTTP, and the
 * phases in the agent's journal. A process serves when it answered with its own pid; it died when it is gone without an answer.
 */
export class Witness {
  readonly #world: World;
  readonly #fates = new Map<Start, Fate>();
  /** The incarnation of each entry that the visitor saw last. */
  readonly #shown = new Map<number, Start>();
  #starts: readonly Start[] = [];
  #journalLines = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** What happened since the last look, oldest first. */
  async look(): Promise<Sight[]> {
    // In this order: whoever dies is seen no later than the phase that answers to it.
    const processes = await this.#processes();
    return [...processes, ...(await this.#phases())].sort((a, b) => a.at - b.at);
  }

  /** The incarnation of each process that answered last, by pm2 id. */
  serving(): Start[] {
    return [...this.#shown.values()]
      .filter((start) => this.#fates.get(start) === 'serves')
      .sort((a, b) => a.pmId - b.pmId);
  }

  /** Whether a process has started of which nobody knows yet what became of it. */
  isExpecting(): boolean {
    return [...this.#fates.values()].includes('starting');
  }

  /** Every start so far, those included that came to nothing. */
  starts(): readonly Start[] {
    return this.#starts;
  }

  /** The first process whose agent found something to do since a moment. */
  async finder(since: number): Promise<Find | null> {
    const finds = await readLines(join(this.#world.traces, 'finds.jsonl'), FindSchema);
    return finds.find(({ at }) => at >= since) ?? null;
  }

  async #phases(): Promise<Sight[]> {
    const path = layoutOf(this.#world.root).journal;
    const lines = wholeLines(await readTextIfAny(path));
    const fresh = lines.slice(this.#journalLines);
    this.#journalLines = lines.length;
    return fresh.flatMap((line) => {
      const parsed = parseRecord(line, journalLine, path);
      if (parsed === null) return [];
      const { phase, active } = parsed.upgrade;
      return [{ kind: 'phase', phase: phase.at, active: active?.release.tag ?? '', at: parsed.at }];
    });
  }

  async #processes(): Promise<Sight[]> {
    const starts = await readLines(join(this.#world.traces, 'starts.jsonl'), StartSchema);
    const known = this.#starts.length;
    this.#starts = [...this.#starts, ...starts.slice(known)];
    for (const start of this.#starts.slice(known)) this.#fates.set(start, 'starting');
    const answers = await this.#ask();
    return [...this.#fates].flatMap(([start, fate]) =>
      fate === 'starting' ? this.#judge(start, answers.get(start.pid)) : [],
    );
  }

  #judge(now: Start, version: string | undefined): Sight[] {
    const change = { now, before: this.#shown.get(now.pmId) ?? null };
    if (version === now.version) {
      this.#show(now, 'serves');
      return [{ kind: 'serves', change, at: Date.now() }];
    }
    if (isAlive(now.pid)) return [];
    this.#show(now, 'died');
    return [{ kind: 'died', change, at: now.at }];
  }

  #show(start: Start, fate: Fate): void {
    this.#fates.set(start, fate);
    this.#shown.set(start.pmId, start);
  }

  /** The version of each process that answers, by pid; asks only where one has just started. */
  async #ask(): Promise<ReadonlyMap<number, string>> {
    const starting = this.#starts.filter((start) => this.#fates.get(start) === 'starting');
    const ports = [...new Set(starting.map(({ port }) => port))];
    const answers = await Promise.all(
      ports.flatMap((port) => Array.from({ length: ASKS_A_PORT }, () => askVersion(port))),
    );
    return new Map(answers.flatMap((answer) => (answer === null ? [] : [[answer.pid, answer.version]])));
  }
}

/** What the process behind a port says of itself; null if none answers. */
export async function askVersion(port: number): Promise<v.InferOutput<typeof AnswerSchema> | null> {
  try {
    const signal = AbortSignal.timeout(ASK_LIMIT_MS);
    const response = await fetch(`http://127.0.0.1:${port}/version`, { signal });
    return v.parse(AnswerSchema, await response.json());
  } catch {
    return null; // nobody listens yet, or no longer
  }
}

/** Whether a process lives. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !hasErrno(error, 'ESRCH');
  }
}

async function readLines<Schema extends v.GenericSchema>(
  path: string,
  schema: Schema,
): Promise<v.InferOutput<Schema>[]> {
  return wholeLines(await readTextIfAny(path)).map((line) => v.parse(schema, JSON.parse(line)));
}

function wholeLines(text: string | null): string[] {
  return text === null
    ? []
    : text
        .slice(0, text.lastIndexOf('\n') + 1)
        .split('\n')
        .filter(Boolean);
}
