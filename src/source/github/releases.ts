import * as v from 'valibot';
import type { ForgeRelease } from '../../domain/forge.js';
import { isMissing } from './failure.js';
import { terms, told, type Line, type Told } from './line.js';

const release = v.object({
  tag_name: v.string(),
  name: v.nullish(v.string(), null),
  body: v.nullish(v.string(), null),
  draft: v.boolean(),
  prerelease: v.boolean(),
  published_at: v.nullable(v.string()),
});
// What people write is theirs, but no more of it is kept.
const MOST_NOTES_CHARS = 4_000;
const MOST_TITLE_CHARS = 200;

/** The release that GitHub calls the latest; null: there is none, or the repository is not shown. Never a draft, nor one marked as a prerelease. */
export function readLatest(line: Line, etag: string | null): Promise<Told<ForgeRelease | null>> {
  return asked(line, (octokit) =>
    octokit.request('GET /repos/{owner}/{repo}/releases/latest', terms(line, etag)),
  );
}

/** The release of a tag; null: the tag has none, only a draft, or the repository is not shown. */
export async function readRelease(line: Line, tag: string): Promise<ForgeRelease | null> {
  const answer = await asked(line, (octokit) =>
    octokit.request('GET /repos/{owner}/{repo}/releases/tags/{tag}', { ...terms(line), tag }),
  );
  return answer.at === 'same' ? null : answer.value;
}

type Ask = Parameters<typeof told>[1];

async function asked(line: Line, ask: Ask): Promise<Told<ForgeRelease | null>> {
  const none = Symbol('none');
  const answer = await told(
    line,
    (octokit) =>
      ask(octokit).catch((error: unknown) => {
        if (isMissing(error)) return { data: none, headers: {} };
        throw error;
      }),
    (body) => (body === none ? { release: null } : parseRelease(body)),
  );
  return answer.at === 'same' ? answer : { ...answer, value: answer.value.release };
}

function parseRelease(body: unknown): { release: ForgeRelease | null } | null {
  if (!v.is(release, body)) return null;
  const { tag_name: tag, name, body: notes, draft, prerelease, published_at: publishedAt } = body;
  return {
    release: {
      ...{ tag, draft, prerelease, publishedAt },
      title: (name ?? tag).slice(0, MOST_TITLE_CHARS),
      notes: (notes ?? '').slice(0, MOST_NOTES_CHARS),
    },
  };
}
