import type { HookName, ReleaseConfig } from '../config/release.js';
import { isGitOpsError } from '../domain/errors.js';
import type { Release } from '../domain/release.js';
import type { Upgrade } from '../domain/upgrade.js';
import { runHook } from '../workspace/hooks.js';
import { effortOf, hookEnv, type Workplace } from './workplace.js';

/** What a hook is about. */
export interface HookFacts {
  readonly release: Release;
  readonly upgrade: Upgrade;
  /** Where the release lies. */
  readonly tree: string;
  readonly config: ReleaseConfig;
}

/** Runs a hook of the release, if it has that one. Throws `HOOK_FAILED`, `HOOK_NOT_NOW`, `COMMAND_TIMEOUT`. */
export async function hook(
  place: Workplace,
  name: HookName,
  { release, upgrade, tree, config }: HookFacts,
): Promise<void> {
  const command = config.hooks[name];
  if (command === null) return;
  const env = hookEnv(place, { ...release, tree, previousTag: upgrade.active?.release.tag ?? null });
  await runHook({ name, command, tree, env }, effortOf(place, config.timeouts.hookMs));
}

/** Runs a hook whose no is only worth a word: what a hook says of itself, or null if it is content. */
export async function askHook(place: Workplace, name: HookName, facts: HookFacts): Promise<string | null> {
  try {
    await hook(place, name, facts);
    return null;
  } catch (error) {
    if (isGitOpsError(error, 'HOOK_FAILED', 'HOOK_NOT_NOW', 'COMMAND_TIMEOUT')) return error.message;
    throw error;
  }
}
