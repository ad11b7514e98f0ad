import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { newestTags } from '../domain/channel.js';
import { isGitOpsError } from '../domain/errors.js';
import type { Ref } from '../domain/release.js';
import { parseTag, type Signature } from '../domain/signed-object.js';
import { readRawObject } from '../workspace/raw-object.js';
import { accessOf, effortOf, type Workplace } from './workplace.js';

const FEW = 3;
const LIMIT_MS = 30_000;

/** By which kind of key the newest tags are signed, all of them; null: they are not, or nobody can tell. For whoever makes a root. */
export async function signedTags(place: Workplace, refs: readonly Ref[]): Promise<Signature['kind'] | null> {
  const { config, layout } = place.root;
  try {
    const kinds = await kindsOf(place, newest(refs, config.tagPrefix));
    const [first = null] = kinds;
    return kinds.every((kind) => kind === first) ? first : null;
  } catch (error) {
    if (isGitOpsError(error) && error.code !== 'ABORTED') return null;
    throw error;
  } finally {
    // It is empty, and would tell the next poll that a worker was killed.
    await rmdir(layout.trash).catch(() => undefined);
  }
}

function newest(refs: readonly Ref[], tagPrefix: string): Ref[] {
  const names = newestTags(refs, tagPrefix, FEW);
  return refs.filter(({ name }) => names.some((tag) => name === `refs/tags/${tag}`));
}

async function kindsOf(place: Workplace, tags: readonly Ref[]): Promise<(Signature['kind'] | null)[]> {
  if (tags.some(({ object }) => object === undefined)) return [];
  const { config, layout } = place.root;
  const reading = {
    remote: { url: config.repository, env: (await accessOf(place)).env },
    scratch: join(layout.trash, 'signed.git'),
  };
  const kinds: (Signature['kind'] | null)[] = [];
  for (const { name, commit, object = null } of tags) {
    const raw = await readRawObject({ ...reading, ref: name, id: object, commit }, effortOf(place, LIMIT_MS));
    kinds.push(raw.kind === 'tag' ? (parseTag(raw.text).signature?.kind ?? null) : null);
  }
  return kinds;
}
