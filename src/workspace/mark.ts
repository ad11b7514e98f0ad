import { join } from 'node:path';
import * as v from 'valibot';
import type { Commit } from '../domain/release.js';
import { readTextIfAny, writeDurably } from '../os/files.js';
import { sizeSchema, type TreeSize } from './size.js';

/** The file that makes a release tree complete. It is written last. */
export const MARK_NAME = '.gitops-release.json';

const markSchema = v.object({
  schema: v.literal(1),
  tag: v.string(),
  commit: v.pipe(v.string(), v.hexadecimal()),
  depsKey: v.nullable(v.string()),
  made: v.array(v.string()),
  changed: v.exactOptional(v.array(v.string())),
  run: v.exactOptional(v.string()),
  size: v.optional(sizeSchema),
});

/** What a complete release tree says about itself. */
export interface ReleaseMark {
  readonly schema: 1;
  readonly tag: string;
  readonly commit: Commit;
  /** What its dependencies were installed from; null: never to be reused. */
  readonly depsKey: string | null;
  /** Top-most paths beyond the commit: what install and build made. */
  readonly made: readonly string[];
  /** Committed paths that were not as committed when the tree was complete: shared, or changed by the build. Older marks do not tell. */
  readonly changed?: readonly string[];
  /** The run that made it: runs sort in their order whatever the clock does. Older marks do not tell. */
  readonly run?: string;
  /** What it took on disk; older marks do not tell. */
  readonly size?: TreeSize | undefined;
}

/** Declares a tree complete, durably. */
export async function writeMark(tree: string, mark: ReleaseMark): Promise<void> {
  await writeDurably(join(tree, MARK_NAME), `${JSON.stringify(mark, null, 2)}\n`);
}

/** The mark of a complete tree; null where there is none, or none that can be read: such a tree is not complete. */
export async function readMark(tree: string): Promise<ReleaseMark | null> {
  const text = await readTextIfAny(join(tree, MARK_NAME));
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), markSchema), text);
  return parsed.success ? parsed.output : null;
}
