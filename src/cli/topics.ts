import { EXIT, EXIT_MEANINGS } from './exit.js';
import { alignRows, type Screen } from './terminal.js';

/** What there is help about besides the verbs: each a page for a screen. */
export const TOPICS: Readonly<Record<string, (screen: Screen) => string>> = {
  'exit-codes': (screen) =>
    page(
      screen,
      Object.values(EXIT).map((code) => [String(code), EXIT_MEANINGS[code]]),
    ),
  environment: (screen) => page(screen, ENVIRONMENT),
  channels: (screen) => page(screen, CHANNELS),
  files: (screen) => page(screen, FILES),
  when: (screen) => page(screen, WHEN),
};

type Row = readonly [what: string, means: string];

const ENVIRONMENT: readonly Row[] = [
  ['PM2_GITOPS_ROOT', 'the root, where no --root names one'],
  ['PM2_HOME', 'where the daemon of pm2 lives, as pm2 has it'],
  ['NO_COLOR', 'no colours, whatever its value'],
  ['FORCE_COLOR', 'colours in a pipe too; 0: none'],
  ['LC_ALL, LANG', 'without UTF-8 in them a terminal is shown ASCII for our own signs'],
];

const CHANNELS: readonly Row[] = [
  ['stable', 'the highest version without a prerelease'],
  ['beta, rc, …', 'the highest version that has none, or this prerelease or a riper one'],
  ['latest', 'the release that GitHub calls the latest (with "github" in gitops.json)'],
  ['1.x, ^2.3', 'the highest version in a range'],
  ['v1.4.2', 'that tag'],
  ['branch:main', 'the tip of a branch'],
  ['ref:release/stable', 'a ref that the operators move'],
];

const FILES: readonly Row[] = [
  ['gitops.json', 'the machine: what it follows, and when it may change. Makes a folder a root'],
  ['ecosystem.config.cjs', 'the release: its apps, and below "gitops" how it is built and proven'],
  ['releases/, current', 'strategy releases: what was brought, and a link to what serves'],
  ['.pm2-gitops/', 'what the agent knows: its journal, runs and their logs, locks'],
];

const WHEN: readonly Row[] = [
  ['30m, 2h, 1d 12h', 'so long from now'],
  ['2026-12-24', 'a day: for --until its end, else its beginning'],
  ['2026-12-24T18:00', 'a moment in the "timezone" of gitops.json, else in that of the machine'],
  ['2026-12-24T18:00+01:00', 'a moment anywhere; Z: in UTC'],
];

function page({ colors, columns }: Screen, rows: readonly Row[]): string {
  return alignRows(
    rows.map(([what, means]) => [colors.cyan(what), means]),
    { columns },
  );
}
