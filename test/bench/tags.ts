import type { Remote } from '../bed/remote.js';

/** The release that a machine runs and that stays the newest, whatever history there is. */
export const NEWEST = 'v12.3.4';

/** `count` tags of a long history below the newest release: ten majors, and as many minors as patches in each. */
export function historyOf(count: number): string[] {
  const wide = Math.ceil(Math.sqrt(count / MAJORS));
  return Array.from({ length: count }, (_, index) => {
    const [major, rest] = [index % MAJORS, Math.floor(index / MAJORS)];
    return `v${major}.${Math.floor(rest / wide)}.${rest % wide}`;
  });
}

const MAJORS = 10;

/** Gives a remote so many tags in all, the newest release among them. */
export async function growTo(remote: Remote, count: number): Promise<void> {
  const commit = await remote.git(['rev-parse', 'refs/heads/main']);
  const known = new Set((await remote.git(['tag', '--list'])).split('\n'));
  const missing = historyOf(count).filter((tag) => !known.has(tag));
  const room = count - known.size;
  const lines = missing.slice(0, room).map((tag) => `create refs/tags/${tag} ${commit}\n`);
  await remote.git(['update-ref', '--stdin'], lines.join(''));
  await remote.git(['pack-refs', '--all']);
}
