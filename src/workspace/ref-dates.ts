import type { Commit, Instant } from '../domain/release.js';
import type { Effort } from './effort.js';
import { gitFailure } from './mirror.js';
import { fetchCommits, inScratch, readApart, type Reading } from './scratch.js';

/** What a ref reaches, and when that was made: an annotated tag by its tagger, else the commit. */
export interface RefDate {
  readonly commit: Commit;
  readonly at: Instant;
}

const LANDING = 'refs/gitops/dates/';
const FORMAT = '%(refname) %(objectname) %(*objectname) %(creatordate:unix)';

/** Reads when refs of a remote were made, and downloads little else. By name; throws as `readRemoteFile`. */
export async function readRefDates(
  reading: Reading,
  refs: readonly { readonly name: string; readonly commit: Commit }[],
  effort: Effort,
): Promise<ReadonlyMap<string, RefDate>> {
  const refspecs = refs.map(({ name }, index) => `+${name}:${LANDING}${index}`);
  return readApart(reading, refs[0]?.commit ?? '', {
    effort,
    work: async () => {
      await fetchCommits(reading, { refspecs, filter: 'tree:0' }, effort);
      const told = await inScratch(reading, ['for-each-ref', `--format=${FORMAT}`, LANDING], effort);
      if (told.code !== 0) throw gitFailure('cannot read when releases were made', told.stderr);
      const dates = parseDates(told.stdout);
      return new Map(refs.flatMap(({ name }, index) => withName(name, dates.get(index))));
    },
  });
}

function withName(name: string, date: RefDate | undefined): [string, RefDate][] {
  return date === undefined ? [] : [[name, date]];
}

/** Lines of `<landing><index> <object> <peeled, of a tag> <seconds>`. */
function parseDates(text: string): Map<number, RefDate> {
  return new Map(
    text.split('\n').flatMap((line): [number, RefDate][] => {
      const [ref = '', object = '', peeled = '', seconds = ''] = line.split(' ');
      if (!ref.startsWith(LANDING) || !/^\d+$/.test(seconds)) return [];
      const commit = peeled === '' ? object : peeled;
      return [[Number(ref.slice(LANDING.length)), { commit, at: Number(seconds) * 1_000 }]];
    }),
  );
}
