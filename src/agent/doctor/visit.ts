import { chooseRelease } from '../../domain/channel.js';
import { wishFacts } from '../../domain/decide.js';
import { isGitOpsError } from '../../domain/errors.js';
import type { Facts } from '../../domain/facts.js';
import { trustedRefs, type Observed } from '../../domain/observed.js';
import type { Release } from '../../domain/release.js';
import { listProcesses } from '../../runtime/processes.js';
import { daemonInfo, type DaemonInfo } from '../../runtime/start.js';
import { readTraits, type TellingEntry } from '../../runtime/traits.js';
import { holderOf } from '../../state/lock.js';
import { releaseTree } from '../../state/layout.js';
import type { Effort } from '../../workspace/effort.js';
import { findTargets, withDaemon } from '../apps.js';
import { gatherFacts } from '../facts.js';
import { knownUpgrade } from '../known-upgrade.js';
import { lookNow } from '../look.js';
import type { Root } from '../root.js';

/** Who looks: somebody beside the agent, or the holder of `upgrade.lock`. */
export type Standing = 'beside' | 'holder';

/** What pm2 tells, all of it at one moment. */
export interface Pm2Sight {
  readonly info: DaemonInfo;
  readonly all: readonly TellingEntry[];
  readonly ours: readonly TellingEntry[];
}

/** One examination of a root. What several checks look at is looked at once. */
export class Visit {
  readonly root: Root;
  /** The look at the source. */
  readonly observed: () => Promise<Observed>;
  /** What decisions go by, after that look. */
  readonly facts: () => Promise<Facts>;
  /** Null where no daemon answers us. */
  readonly pm2: () => Promise<Pm2Sight | null>;
  readonly #signal: AbortSignal;
  readonly #standing: Standing;

  constructor(root: Root, signal: AbortSignal, standing: Standing = 'beside') {
    this.root = root;
    this.#signal = signal;
    this.#standing = standing;
    this.observed = once(() => lookNow(root, this.signal));
    this.facts = once(async () => {
      await this.observed();
      return gatherFacts(root);
    });
    this.pm2 = once(() => lookAtPm2(root, this.signal));
  }

  /** Joined anew for each who asks: with a listener for each of many looks, Node.js would warn of a leak. */
  get signal(): AbortSignal {
    return AbortSignal.any([this.#signal]);
  }

  /** Whether a worker is at work: what it has half done is no leftover. */
  async isBusy(): Promise<boolean> {
    return this.#standing === 'beside' && (await holderOf(this.root.layout.upgradeLock)) !== null;
  }

  /** What looks of other parts work under. */
  effort(limitMs: number): Effort {
    const report = { step: () => undefined, output: () => undefined };
    return { signal: this.signal, limitMs, report, env: this.root.host.env };
  }
}

/** What the channel picks, whatever the gates say; null where it picks nothing. */
export function releaseToCome(facts: Facts): Release | null {
  const { observed, tagPrefix } = facts;
  const { channel } = wishFacts(facts).rules;
  const choice = chooseRelease(channel, observed === null ? [] : trustedRefs(observed), tagPrefix);
  return choice.found ? choice.release : null;
}

/** Where the tree of the active release lies; null where none is active. */
export async function activeTree(root: Root): Promise<string | null> {
  const { active } = await knownUpgrade(root);
  if (root.config.strategy === 'checkout') return root.layout.root;
  return active === null ? null : releaseTree(root.layout, active.release);
}

async function lookAtPm2(root: Root, signal: AbortSignal): Promise<Pm2Sight | null> {
  const { active } = await knownUpgrade(root);
  try {
    return await withDaemon(root, signal, async (daemon) => {
      const [info, listed, all] = await Promise.all([
        daemonInfo(daemon, signal),
        listProcesses(daemon, signal),
        readTraits(daemon, signal),
      ]);
      const targets = findTargets(root, active?.apps ?? null, listed);
      const ids = targets(listed).map(({ pmId }) => pmId);
      return { info, all, ours: all.filter(({ traits }) => ids.includes(traits.pmId)) };
    });
  } catch (error) {
    if (isGitOpsError(error)) return null; // told by its own check
    throw error;
  }
}

function once<T>(look: () => Promise<T>): () => Promise<T> {
  let found: Promise<T> | null = null;
  return () => (found ??= look());
}
