import { Command } from 'commander';
import { findRoot, openRoot, rootOfEnvironment } from '../agent/compose.js';
import type { Root } from '../agent/root.js';
import { parseDuration } from '../config/duration.js';
import { GitOpsError } from '../domain/errors.js';
import type { Instant } from '../domain/release.js';
import type { Terminal } from './terminal.js';

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
export function verb(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option('--root <dir>', 'the root (default: the nearest folder upwards with a gitops.json)');
}

/** Reads the root that a verb is about: `--root`, then `PM2_GITOPS_ROOT`, then the nearest folder upwards. */
export async function openNamedRoot({ root }: CommonOptions): Promise<Root> {
  const named = root ?? rootOfEnvironment();
  return openRoot(named ?? (await findRoot(process.cwd())));
}

/** `--until`: a span from now (`2h`) or a date with or without a time. */
export function parseUntil(text: string, now: Instant): Instant {
  const span = parseDuration(text);
  if (span !== null) return now + span;
  const at = /^\d{4}-\d{2}-\d{2}/.test(text)
    ? Date.parse(text.length === 10 ? `${text}T00:00` : text)
    : Number.NaN;
  if (Number.isNaN(at)) throw noMoment(text);
  if (at <= now)
    throw new GitOpsError('USAGE', `"${text}" has passed already`, { hint: 'name a moment to come' });
  return at;
}

function noMoment(text: string): GitOpsError {
  return new GitOpsError('USAGE', `"${text}" is no moment`, {
    hint: 'write 2h, 30m, 1d 12h, or 2026-12-24T18:00',
  });
}
