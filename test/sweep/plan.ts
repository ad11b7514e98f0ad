import { readFileSync } from 'node:fs';
import * as v from 'valibot';

/** Whom a kill takes: the worker alone, or the worker with all that it started. */
export const VICTIMS = ['worker', 'tree'] as const;

const Kill = v.object({
  /** The number of the point, from 1; it is not passed. */
  point: v.number(),
  victims: v.picklist(VICTIMS),
  /** Null: just before the point. Else so many milliseconds after it was passed. */
  afterMs: v.nullable(v.number()),
});

const Cuts = v.object({
  image: v.string(),
  stat: v.string(),
  /** Where the copies go: `<visit>-<point>.img`. */
  folder: v.string(),
  /** A file on the disk that somebody else syncs before each copy: names are on the disk then, contents are not. Null: nobody does. */
  neighbour: v.nullable(v.string()),
});

const PlanSchema = v.object({
  /** The root's `journal.jsonl`, which tells the phase. */
  journal: v.string(),
  /** The file that gets a line for each point. */
  trace: v.string(),
  /** The nth worker gets the nth entry; null, or past the end: it lives. */
  kills: v.array(v.nullable(Kill)),
  /** A seeded mistake in the product: each journal line comes only after the work that it was to announce. */
  journalLate: v.boolean(),
  /** How far the clock of pollers and workers is ahead. */
  aheadMs: v.number(),
  /** At each point the disk is copied as a loss of power would leave it; null: it is not. */
  cuts: v.nullable(Cuts),
  /** A seeded mistake in the product: what it has synced is not. */
  unsynced: v.nullable(v.picklist(['trees', 'files'])),
});

/** One kill of one worker. */
export type Kill = v.InferOutput<typeof Kill>;

/** What the killer of a machine is to do: a file, read anew by each worker. */
export type Plan = v.InferOutput<typeof PlanSchema>;

/** How the disk of a worker is copied. */
export type Cuts = v.InferOutput<typeof Cuts>;

/** Which kind of call a point is. */
export const KINDS = [
  ...(['begin', 'write', 'rename', 'link', 'remove', 'folder', 'sync'] as const),
  ...(['spawn', 'spawned', 'pm2', 'kill'] as const),
] as const;

const PointSchema = v.object({
  /** Which worker since the plan was written, from 0. */
  visit: v.number(),
  pid: v.number(),
  /** 0 for what is told beside the points: begin, sync and kill. */
  point: v.number(),
  /** The phase that was last journaled, or what a worker does beside all phases. */
  step: v.string(),
  kind: v.picklist(KINDS),
  what: v.string(),
});

/** One line of a trace. */
export type Point = v.InferOutput<typeof PointSchema>;

/** Reads a plan. */
export function readPlan(path: string): Plan {
  return v.parse(PlanSchema, JSON.parse(readFileSync(path, 'utf8')));
}

/** Reads a trace; a line that a kill tore is left out. */
export function readTrace(path: string): Point[] {
  return textOf(path)
    .split('\n')
    .slice(0, -1)
    .map((line) => v.parse(PointSchema, JSON.parse(line)));
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // no worker has begun
  }
}
