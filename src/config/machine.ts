import * as v from 'valibot';
import { parseChannel, type Channel } from '../domain/channel.js';
import type { OwnRules } from '../domain/rules.js';
import { DURATION_FORMS, parseDuration } from './duration.js';
import type { Crons } from './cron.js';
import { freezeList, freezesOf } from './freeze.js';
import { approval, channelForm, major, section, soak, text, timezone } from './forms.js';
import { githubForm, parseGithub, type GithubConfig } from './github.js';
import { explainIssues } from './issues.js';
import { logForm, logFrom, type LogConfig } from './log.js';
import { metricsForm, metricsFrom, type MetricsConfig } from './metrics.js';
import { notifyForm, sinksFrom, type SinkConfig } from './notify.js';
import {
  credentialsSection,
  parseCredentials,
  parsePolicySource,
  policySection,
  repositoryText,
  type Credentials,
  type PolicySource,
} from './remote.js';
import { verifyForm, verifyFrom, type VerifyConfig } from './verify.js';
import { machineWave } from './wave.js';
import { cronProblems, windowList, windowsOf, type WindowPlace } from './window.js';

export type Strategy = 'releases' | 'checkout';

/** Whom a machine trusts, what it follows, when it may change: `gitops.json`, with every default filled in. */
export interface MachineConfig {
  readonly repository: string;
  readonly channel: Channel;
  /** The channel as it is written. */
  readonly channelText: string;
  readonly strategy: Strategy;
  readonly poll: PollConfig;
  /** The zone of its windows and of its moments in output; null: the machine's. */
  readonly timezone: string | null;
  /** When it may change, and to what. */
  readonly rules: Omit<OwnRules, 'channel' | 'channelText'>;
  readonly tagPrefix: string;
  readonly credentials: Credentials | null;
  /** Where the fleet's policy lies; null: there is none. */
  readonly policy: PolicySource | null;
  readonly verify: VerifyConfig;
  /** How GitHub is asked beside git; null: it is not. */
  readonly github: GithubConfig | null;
  /** Names of the pm2 apps that belong to the root; null: by folder. */
  readonly apps: readonly string[] | null;
  /** How many releases are kept on disk, the active and the previous one included. */
  readonly keep: number;
  readonly dirty: 'refuse' | 'stash';
  /** Whether what is not as we left it is put right by itself. */
  readonly drift: 'repair' | 'report';
  /** Where programs read how the machine is. */
  readonly metrics: MetricsConfig;
  /** How the poller tells what happens. */
  readonly log: LogConfig;
  /** The machine's name in output; null: its host name. */
  readonly name: string | null;
  readonly labels: Readonly<Record<string, string>>;
  /** Who is told what becomes of this machine. */
  readonly notify: readonly SinkConfig[];
}

/** When to look at the source. */
export type PollConfig =
  | { readonly kind: 'interval'; readonly everyMs: number }
  | { readonly kind: 'cron'; readonly expression: string; readonly timezone: string | null };

const SHORTEST_POLL_MS = 10_000;
const LONGEST_POLL_MS = 366 * 86_400_000;

const LATEST_NEEDS =
  '"latest" is the release that GitHub calls the latest, and GitHub is not asked: add "github": true, or follow "stable"';

/** `gitops.json` as people write it, before defaults and what only code can check. */
export const gitopsFile = section({
  $schema: v.optional(v.string()),
  repository: repositoryText,
  channel: v.optional(channelForm, 'stable'),
  strategy: v.optional(v.picklist(['releases', 'checkout'], 'must be "releases" or "checkout"')),
  poll: v.optional(text, '5m'),
  timezone: v.optional(timezone),
  window: v.optional(windowList),
  freeze: v.optional(freezeList),
  soak: v.optional(soak, '0s'),
  wave: v.optional(machineWave),
  major: v.optional(major, 'auto'),
  approval: v.optional(approval, 'none'),
  tagPrefix: v.optional(v.string(), ''),
  credentials: v.optional(credentialsSection),
  policy: v.optional(policySection),
  verify: v.optional(verifyForm),
  github: v.optional(githubForm),
  apps: v.optional(v.pipe(v.array(text), v.minLength(1, 'must name an app, or be left out'))),
  keep: v.optional(
    v.pipe(v.number(), v.integer('must be a whole number'), v.minValue(2, 'must be at least 2')),
    3,
  ),
  dirty: v.optional(v.picklist(['refuse', 'stash'], 'must be "refuse" or "stash"'), 'refuse'),
  drift: v.optional(v.picklist(['repair', 'report'], 'must be "repair" or "report"'), 'repair'),
  metrics: v.optional(metricsForm),
  log: v.optional(logForm, {}),
  name: v.optional(text),
  labels: v.optional(v.record(v.string(), v.string()), {}),
  notify: v.optional(notifyForm),
});

/** `unknown` → `MachineConfig`. Throws `CONFIG_INVALID` that names each wrong key, its value and the mend. */
export function parseMachineConfig(value: unknown, origin: Origin): MachineConfig {
  const result = v.safeParse(v.pipe(gitopsFile, v.rawTransform(configFrom(origin))), value);
  if (!result.success) throw explainIssues(result.issues, origin.origin);
  return result.output;
}

/** The file that a configuration comes from, and what it depends on. */
export interface Origin {
  readonly origin: string;
  /** What its folder suggests where the file names none. */
  readonly strategy: Strategy;
  /** The machine's zone, an IANA name; UTC where nobody asks. */
  readonly zone?: string;
  /** The crons of its windows, by `readCrons`. */
  readonly crons?: Crons;
}

type Written = v.InferOutput<typeof gitopsFile>;

function configFrom({ strategy, zone = 'UTC', crons = new Map() }: Origin) {
  return ({ dataset: { value }, addIssue, NEVER }: v.RawTransformContext<Written>): MachineConfig => {
    const tell = <T>(key: string, parsed: T | string): T | null => {
      if (typeof parsed !== 'string') return parsed;
      addIssue({ message: parsed, path: pathTo(value, key) });
      return null;
    };
    const place = { zone: value.timezone ?? zone, crons };
    const channel = parseChannel(value.channel);
    const poll = tell('poll', parsePoll(value.poll, value.timezone ?? null));
    const secret = parseCredentials(value.credentials);
    const credentials = tell('credentials', secret);
    const known = { repository: value.repository, credentials };
    const policy = typeof secret === 'string' ? null : tell('policy', parsePolicySource(value.policy, known));
    const github = typeof secret === 'string' ? null : tell('github', parseGithub(value.github, known));
    // A policy may have a channel of that name.
    if (channel?.kind === 'latest' && github === null && value.policy === undefined)
      tell('channel', LATEST_NEEDS);
    const problems = cronProblems(value.window, place);
    for (const problem of problems) tell('window', problem);
    if (poll === null || channel === null || problems.length > 0) return NEVER;
    const { repository, tagPrefix, apps, keep, dirty, drift, name, labels } = value;
    return {
      ...{ repository, channel, channelText: value.channel, strategy: value.strategy ?? strategy },
      ...{ poll, timezone: value.timezone ?? null, rules: rulesFrom(value, place) },
      ...{ tagPrefix, credentials, policy, verify: verifyFrom(value.verify), github },
      ...{ metrics: metricsFrom(value.metrics), log: logFrom(value.log) },
      ...{ apps: apps ?? null, keep, dirty, drift, name: name ?? null, labels },
      notify: sinksFrom(value.notify),
    };
  };
}

function rulesFrom(written: Written, place: WindowPlace): MachineConfig['rules'] {
  const { window, freeze, soak, wave, major, approval } = written;
  return {
    windows: windowsOf(window, place),
    freezes: freezesOf(freeze, place.zone),
    soakMs: soak,
    ...{ wave: wave?.wave ?? null, canary: wave?.canary ?? false, major, approval },
  };
}

function parsePoll(written: string, timezone: string | null): PollConfig | string {
  if (written.trim().split(/\s+/).length >= 5) return { kind: 'cron', expression: written.trim(), timezone };
  const everyMs = parseDuration(written);
  if (everyMs === null)
    return `"${written}" is neither a cron expression nor a duration; write ${DURATION_FORMS}`;
  if (everyMs < SHORTEST_POLL_MS) return `"${written}" is too often; at least 10s`;
  return everyMs > LONGEST_POLL_MS
    ? `"${written}" is too seldom; at most 366d`
    : { kind: 'interval', everyMs };
}

function pathTo(input: object, key: string): [v.ObjectPathItem] {
  return [{ type: 'object', origin: 'value', input: { ...input }, key, value: undefined }];
}
