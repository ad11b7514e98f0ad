import type { Event, Step } from '../domain/upgrade.js';
import { isVersionTag } from '../domain/channel.js';
import { GitOpsError } from '../domain/errors.js';
import { sha7, type Release } from '../domain/release.js';
import { excludeFromStatus, headTrail, inspectCheckout, type Checkout } from '../workspace/adopt.js';
import { depsKeyOf } from '../workspace/stage-dependencies.js';
import { writeLive } from '../workspace/switch-checkout.js';
import { readProject } from '../workspace/project.js';
import { measureModules, UNKNOWN_SIZE } from '../workspace/size.js';
import { trustInstalled } from '../workspace/trust-installed.js';
import { readBroughtOrDefaults, type Brought } from './brought.js';
import { effortOf, type Workplace } from './workplace.js';

const LIMIT_MS = 60_000;

/** Takes an existing checkout over as it stands: its HEAD is the active release, since it is what serves. Changes no tracked file. */
export async function adoptCheckout(place: Workplace): Promise<Extract<Event, { type: 'adopted' }>> {
  const { layout, host, config } = place.root;
  const effort = effortOf(place, LIMIT_MS);
  const checkout = await inspectCheckout(layout.root, effort);
  if (checkout === null) {
    throw new GitOpsError('CONFIG_INVALID', `strategy "checkout", but ${layout.root} is no git checkout`, {
      hint: 'clone the repository there first, or use strategy "releases"',
    });
  }
  refuseOwnTracked(checkout);
  await excludeFromStatus(layout.root, effort);
  const brought = await readBroughtOrDefaults(place, checkout, layout.root);
  await writeLive(layout.state, {
    schema: 1,
    commit: checkout.commit,
    depsKey: await liveDepsKey(layout.root, brought),
    made: [],
    size: { ...UNKNOWN_SIZE, modules: measureModules(layout.root) },
  });
  const at = host.clock.now();
  return {
    type: 'adopted',
    release: releaseOf(checkout, config.tagPrefix),
    apps: brought.config.apps,
    trail: await trailOf(place, checkout),
    at,
  };
}

/** Under which key the live node_modules may be taken over by the next release; null if they are not what the lockfile says. */
async function liveDepsKey(tree: string, { config }: Brought): Promise<string | null> {
  const project = await readProject(tree);
  return (await trustInstalled(project, config.build !== null)) ? depsKeyOf(tree, config) : null;
}

async function trailOf(place: Workplace, { commit }: Checkout): Promise<Step[]> {
  const trail = await headTrail(place.root.layout.root, effortOf(place, LIMIT_MS));
  return trail.length === 0 ? [{ commit, at: 0 }] : trail.slice(-10);
}

function releaseOf({ commit, tags }: Checkout, tagPrefix: string): Release {
  const tag = tags.find((name) => isVersionTag(name, tagPrefix)) ?? tags.at(0);
  return tag === undefined
    ? { tag: sha7(commit), commit, ref: null }
    : { tag, commit, ref: `refs/tags/${tag}` };
}

function refuseOwnTracked({ ownPathsTracked: [path] }: Checkout): void {
  if (path === undefined) return;
  throw new GitOpsError(
    'CONFIG_INVALID',
    `the repository tracks ${path}: a pushed commit could change its own gatekeeper`,
    {
      hint: `remove ${path} from the repository; each machine has its own`,
    },
  );
}
