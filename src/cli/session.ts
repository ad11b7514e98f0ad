import { findRoot, openRoot, rootOfEnvironment } from '../agent/compose.js';
import { zoneOf, type Root } from '../agent/root.js';
import { endOf, parseWhen, WHEN_FORMS } from '../config/moment.js';
import { GitOpsError } from '../domain/errors.js';
import type { Instant } from '../domain/release.js';
import type { Terminal } from './terminal.js';
import { Verb } from './verb.js';

/** What every verb has at hand. */
export interface Session {
  readonly terminal: Terminal;
  /** Aborted when the person interrupts. */
  readonly signal: AbortSignal;
}

/** Options that every verb takes. */
export interface CommonOptions {
  readonly root?: string;
  readonly json?: boolean;
}

/** Makes a verb with the options that all verbs have. */
export function verb(name: string, description: string): Verb {
  return new Verb(name)
    .description(description)
    .option('--root <dir>', 'the root (default: the nearest folder upwards with a gitops.json)');
}

/** Reads the root that a verb is about. Throws `NOT_A_ROOT`. */
export async function openNamedRoot(options: CommonOptions): Promise<Root> {
  return openRoot(await namedFolder(options));
}

/** The folder that a verb is about: `--root`, then `PM2_GITOPS_ROOT`, then the nearest root upwards. Throws `NOT_A_ROOT` where there is none. */
export async function namedFolder({ root }: CommonOptions): Promise<string> {
  return root ?? rootOfEnvironment() ?? findRoot(process.cwd());
}

/** `--until`: a span from now, or a moment in the root's zone; a date counts to its end. Throws `USAGE` for none, and for one that has passed. */
export function parseUntil(text: string, root: Root): Instant {
  const now = root.host.clock.now();
  const moment = parseWhen(text, now);
  if (moment === null)
    throw new GitOpsError('USAGE', `--until "${text}" is no moment`, { hint: `write ${WHEN_FORMS}` });
  const at = endOf(moment, zoneOf(root));
  if (at > now) return at;
  throw new GitOpsError('USAGE', `--until "${text}" has passed already`, { hint: 'name a moment to come' });
}
