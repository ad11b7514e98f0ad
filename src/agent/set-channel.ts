import { CHANNEL_FORMS, chooseRelease, parseChannel, type Channel } from '../domain/channel.js';
import { GitOpsError } from '../domain/errors.js';
import type { Release } from '../domain/release.js';
import { namedChannel, policyOf } from '../domain/policy-layers.js';
import { nearestName } from '../config/issues.js';
import { withKey } from '../config/load.js';
import { readTextIfAny, writeDurably } from '../os/files.js';
import { readObserved } from '../state/observed-store.js';
import { policyState } from './fleet.js';
import { lookNow } from './look.js';
import type { Root } from './root.js';
import { trustedRefs } from '../domain/observed.js';

/** A channel by its written form. Throws `CHANNEL_UNKNOWN` for what cannot be one. */
export function requireChannel(written: string): Channel {
  const channel = parseChannel(written);
  if (channel !== null) return channel;
  throw new GitOpsError('CHANNEL_UNKNOWN', `"${written}" is no channel`, { hint: `write ${CHANNEL_FORMS}` });
}

/**
 * Writes the channel into `gitops.json`, leaving all the rest as it is. Gives back the release that it picks now, or null if none fits yet.
 * Throws `CHANNEL_UNKNOWN` for a prerelease id that no tag of the source has.
 */
export async function setChannel(root: Root, written: string, signal: AbortSignal): Promise<Release | null> {
  const { config, layout } = root;
  const channel = await channelMeant(root, requireChannel(written), written);
  const observed = await lookNow({ ...root, config: { ...config, channel, channelText: written } }, signal);
  const choice = chooseRelease(channel, trustedRefs(observed), config.tagPrefix);
  if (!choice.found && choice.reason === 'unknownChannel' && observed.error === null)
    throw unknownChannel(written, choice.detail);
  const text = (await readTextIfAny(layout.config)) ?? '{}';
  await writeDurably(layout.config, await withKey(text, 'channel', written));
  return choice.found ? choice.release : null;
}

/** A name of the fleet's policy means what the policy says. */
async function channelMeant(root: Root, form: Channel, written: string): Promise<Channel> {
  const policy = policyOf(await policyState(root, await readObserved(root.layout)));
  const named = namedChannel(policy, written)?.channel;
  if (named === undefined && form.kind === 'latest' && root.config.github === null)
    throw new GitOpsError(
      'CHANNEL_UNKNOWN',
      'the channel latest is the release that GitHub calls the latest',
      {
        hint: 'say in gitops.json how to ask GitHub, "github": true, or follow stable',
      },
    );
  return named ?? form;
}

/** The refusal of a prerelease id that nobody uses. */
export function unknownChannel(written: string, detail: string): GitOpsError {
  const meant = nearestName(written, ['stable', 'alpha', 'beta', 'rc']);
  return new GitOpsError('CHANNEL_UNKNOWN', detail, {
    hint: meant === null ? `write ${CHANNEL_FORMS}` : `did you mean ${meant}?`,
  });
}
