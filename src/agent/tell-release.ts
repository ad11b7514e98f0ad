import { isGitOpsError } from '../domain/errors.js';
import { quietUntil } from '../domain/forge.js';
import type { Run } from '../domain/run.js';
import { readRelease } from '../source/github/releases.js';
import { writeNotes } from '../state/runs.js';
import { forgeState } from './forge.js';
import { openGithub } from './open-github.js';
import type { Workplace } from './workplace.js';

const LIMIT_MS = 5_000;
const MOST_LINES = 40;
// Of a notice it is the smaller part.
const MOST_NOTES_CHARS = 2_000;

/** Writes into the run's log, and down for notices, what its people say of the release on the forge. That it cannot be had changes nothing. */
export async function tellRelease(place: Workplace, run: Run | null): Promise<void> {
  const { report, root, order } = place;
  const { github } = root.config;
  if (run === null || github === null) return;
  const forge = await forgeState(root, order);
  if (forge.at === 'on' && quietUntil(forge, root.host.clock.now()) !== null) return;
  try {
    const { line } = await openGithub(place, github, LIMIT_MS);
    const release = await readRelease(line, run.to.tag);
    if (release === null) return;
    const { title, publishedAt, prerelease, notes } = release;
    const since = publishedAt === null ? '' : `, published ${publishedAt}`;
    report.step(`GitHub calls it ${title}${since}${prerelease ? ', marked as a prerelease' : ''}`);
    const kept = { title: report.clean(title), notes: report.clean(notes).slice(0, MOST_NOTES_CHARS) };
    await writeNotes(root.layout, run.id, kept);
    for (const text of notes.split(/\r?\n/).slice(0, MOST_LINES)) report.output(text);
  } catch (error) {
    if (!isGitOpsError(error)) throw error;
    report.step(`what GitHub says of the release could not be read: ${error.message}`);
  }
}
