import type { HookName, ReleaseConfig } from '../config/release.js';
import { isGitOpsError, type ErrorCode } from '../domain/errors.js';
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

/** Runs a hook whose failure is an answer, not an error: what it says, or null if it is content. Other codes than these are thrown. */
export async function askHook(
  place: Workplace,
  name: HookName,
  { codes, ...facts }: HookFacts & { readonly codes: readonly ErrorCode[] },
): Promise<string | null> {
  try {
    await hook(place, name, facts);
    return null;
  } catch (error) {
    if (isGitOpsError(error, ...codes)) return error.message;
    throw error;
  }
}

/** What makes a hook's failure a verdict on the release. "Not now" is none. */
export const VERDICT: readonly ErrorCode[] = ['HOOK_FAILED', 'COMMAND_TIMEOUT'];
/** Whatever a hook says after a way back, the former release serves. */
export const REMARK: readonly ErrorCode[] = [...VERDICT, 'HOOK_NOT_NOW', 'DISK_FULL'];
