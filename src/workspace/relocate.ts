import { realpath } from 'node:fs/promises';
import { sep } from 'node:path';

type App = Readonly<Record<string, unknown>>;

/**
 * The apps of an ecosystem file that was evaluated in `from`, as they are once the tree lives at `to`.
 * `cwd: __dirname` is common, and the folder of a stage must not get into pm2's records.
 */
export async function relocateApps(
  apps: readonly App[],
  { from, to }: { from: string; to: string },
): Promise<App[]> {
  // `__dirname` has symbolic links resolved; a file may also have resolved against its working folder.
  const places = [...new Set([await realpath(from), from])];
  const moved = (text: string): string => places.reduce((done, place) => movePath(done, place, to), text);
  return apps.map((app) => moveEntries(app, moved));
}

function moveEntries(entries: object, moved: (text: string) => string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, moveValue(value, moved)]));
}

function moveValue(value: unknown, moved: (text: string) => string): unknown {
  if (typeof value === 'string') return moved(value);
  if (Array.isArray(value)) return value.map((item) => moveValue(item, moved));
  return typeof value === 'object' && value !== null ? moveEntries(value, moved) : value;
}

function movePath(text: string, from: string, to: string): string {
  if (text === from) return to;
  return text.replaceAll(`${from}${sep}`, `${to}${sep}`).replaceAll(`${from}/`, `${to}/`);
}
