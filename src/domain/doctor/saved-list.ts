import { fixable, ok, problem, skipped, warning, type Check } from '../check.js';
import { sayMoment } from '../moment.js';
import type { Instant } from '../release.js';

/** An app as pm2 runs it, or would start it after a reboot. */
export interface SavedApp {
  readonly name: string;
  readonly script: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What pm2 would start after a reboot. */
export type SavedList =
  | { readonly at: 'none' }
  | { readonly at: 'broken'; readonly path: string }
  | {
      readonly at: 'read';
      readonly path: string;
      readonly writtenAt: Instant;
      readonly apps: readonly SavedApp[];
      /** Whether other users of the machine get at the file. */
      readonly isOpen: boolean;
    };

/** All that pm2 runs, and what of it is the root's. */
export interface Running {
  readonly all: readonly SavedApp[];
  readonly ours: readonly SavedApp[];
}

const SECRET =
  /(^|_)(TOKEN|SECRET|PASSWORD|PASSWD|PWD_HASH|PASSPHRASE|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|CREDENTIALS?|DSN|DATABASE_URL)(_|$)/i;
const SAVE = 'pm2 save';

/** Whether what pm2 would start after a reboot is what it runs of the root now. */
export function judgeSavedList(
  list: SavedList,
  { all, ours }: Running,
  { now, zone }: { readonly now: Instant; readonly zone: string },
): Check {
  if (list.at === 'broken')
    return problem('pm2.saved-list', `${list.path} cannot be read: a reboot would start nothing`, SAVE);
  if (ours.length === 0) return skipped('pm2.saved-list', 'nothing of the root runs');
  if (list.at === 'none')
    return warning('pm2.saved-list', 'pm2 remembers no list: a reboot starts nothing', `${SAVE}, once`);
  const wrong = differences(list.apps, ours);
  const written = `written ${sayMoment(list.writtenAt, now, zone)}`;
  if (wrong.length === 0) return ok('pm2.saved-list', `${list.path} is what runs`);
  const told = warning('pm2.saved-list', `${list.path}, ${written}: ${wrong.join('; ')}`, SAVE);
  // What pm2 has lost, or somebody stopped for an hour, a save would forget for good.
  const forgets = list.apps.some(({ name }) => !all.some((running) => running.name === name));
  return forgets ? told : fixable(told, { do: 'save' });
}

/** In what a saved list is not what runs. */
function differences(saved: readonly SavedApp[], ours: readonly SavedApp[]): string[] {
  return [...new Set(ours.map(({ name }) => name))].flatMap((name) => {
    const [before, now] = [saved, ours].map((apps) => apps.filter((app) => app.name === name));
    return before === undefined || now === undefined ? [] : differencesOf(name, before, now);
  });
}

function differencesOf(name: string, saved: readonly SavedApp[], running: readonly SavedApp[]): string[] {
  if (saved.length === 0) return [`${name} is not in it`];
  const others =
    saved.length === running.length ? [] : [`${saved.length} of ${name} instead of ${running.length}`];
  const [before, now] = [saved[0], running[0]];
  if (before === undefined || now === undefined) return others;
  const moved = before.script !== now.script || before.cwd !== now.cwd ? [`${name} from ${before.cwd}`] : [];
  const names = [...new Set([...Object.keys(before.env), ...Object.keys(now.env)])];
  const changed = names.filter((key) => before.env[key] !== now.env[key]);
  // Names only: what they hold may be secret.
  const env = changed.length === 0 ? [] : [`${name} with another ${changed.slice(0, 3).join(', ')}`];
  return [...others, ...moved, ...env];
}

/** Whether others may read the secrets of a saved list. */
export function judgeSavedSecrets(list: SavedList): Check {
  const id = 'pm2.saved-secrets';
  if (list.at !== 'read') return skipped(id, 'pm2 remembers no list');
  const names = [...new Set(list.apps.flatMap(({ env }) => Object.keys(env)))].filter((name) =>
    SECRET.test(name),
  );
  if (!list.isOpen) return ok(id, `no other user gets at ${list.path}`);
  if (names.length === 0) return ok(id, `${list.path} holds no variable that sounds secret`);
  const what = `others may read ${list.path}, which holds ${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}`;
  return warning(id, what, `chmod 700 ${list.path.replace(/[/\\][^/\\]*$/, '')}`);
}
