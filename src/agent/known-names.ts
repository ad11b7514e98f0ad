import { loadMachineConfig } from '../config/load.js';
import type { MachineConfig } from '../config/machine.js';
import { newestTags, versionOf } from '../domain/channel.js';
import { requireOwnFolder } from '../os/trusted.js';
import { readJournal } from '../state/journal.js';
import { layoutOf, type Layout } from '../state/layout.js';
import { readObserved } from '../state/observed-store.js';
import { readPolicyRecord } from '../state/policy-store.js';
import { runIds } from '../state/runs.js';

/** What a person may have to name: tags, those in quarantine, channels, runs. */
export const NAME_KINDS = ['tags', 'quarantined', 'channels', 'runs'] as const;

export type NameKind = (typeof NAME_KINDS)[number];

// So many are still looked through.
const MOST = 100;
// What means something to a shell is not offered: it would have to be quoted for each in its own way.
const HARMLESS = /^[A-Za-z0-9][A-Za-z0-9._@/+:-]*$/;

/** The names of a kind that the records of the root in `folder` tell, the newest first. Asks nobody, writes nothing. */
export async function knownNames(folder: string, kind: NameKind): Promise<string[]> {
  const layout = layoutOf(folder);
  requireOwnFolder(layout.state);
  const names = await NAMES[kind](layout, await loadMachineConfig(layout.config));
  return [...new Set(names)].filter((name) => HARMLESS.test(name)).slice(0, MOST);
}

const NAMES: Readonly<Record<NameKind, (layout: Layout, config: MachineConfig) => Promise<string[]>>> = {
  tags: knownTags,
  quarantined: async ({ journal }) => {
    const entry = await readJournal(journal);
    return (entry?.upgrade.quarantine ?? []).map(({ release }) => release.tag).reverse();
  },
  channels: knownChannels,
  runs: async (layout) => (await runIds(layout)).reverse(),
};

async function knownTags(layout: Layout, { tagPrefix }: MachineConfig): Promise<string[]> {
  const observed = await readObserved(layout);
  return newestTags(observed?.refs ?? [], tagPrefix, Number.MAX_SAFE_INTEGER);
}

/** Those that the tags give, and those of the fleet's policy. */
async function knownChannels(layout: Layout, config: MachineConfig): Promise<string[]> {
  const tags = await knownTags(layout, config);
  const versions = tags.flatMap((tag) => versionOf(tag, config.tagPrefix) ?? []);
  const policy = (await readPolicyRecord(layout))?.followed?.policy;
  return [
    ...['stable', ...(config.github === null ? [] : ['latest']), ...Object.keys(policy?.channels ?? {})],
    ...versions.flatMap(({ prerelease: [id] }) => (typeof id === 'string' ? [id] : [])),
    ...versions.map(({ major }) => `${major}.x`),
  ];
}
