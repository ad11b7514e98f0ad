import { readdir, realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseMachineConfig, type MachineConfig, type Strategy } from '../config/machine.js';
import { chooseRelease, type Choice } from '../domain/channel.js';
import { GitOpsError, isGitOpsError } from '../domain/errors.js';
import { next } from '../domain/next.js';
import { afterLook } from '../domain/observed.js';
import type { Ref, Release } from '../domain/release.js';
import { FRESH } from '../domain/upgrade.js';
import { exists, makePrivateFolder, writeDurably } from '../os/files.js';
import { requireOwnFolder } from '../os/trusted.js';
import { listRefs } from '../source/list-refs.js';
import { openJournal } from '../state/journal.js';
import { layoutOf, type Layout } from '../state/layout.js';
import { requireLocks } from '../state/lock.js';
import { writeObserved } from '../state/observed-store.js';
import { ensureMachine } from '../state/store.js';
import { inspectCheckout, type Checkout } from '../workspace/adopt.js';
import { chooseManager } from '../workspace/managers.js';
import { readProject } from '../workspace/project.js';
import { adoptCheckout } from './adopt.js';
import { rootProcesses } from './apps.js';
import { composeHost } from './compose.js';
import type { Host, Root } from './root.js';
import { requireChannel, unknownChannel } from './set-channel.js';
import { signedTags } from './signed-tags.js';
import { openWorkplace, type Workplace } from './workplace.js';

/** What `init` was asked. */
export interface InitRequest {
  readonly folder: string;
  /** Null: the checkout's own remote. */
  readonly repository: string | null;
  readonly channel: string;
  /** Null: `checkout` in a checkout, else `releases`. */
  readonly strategy: Strategy | null;
}

/** What `init` found and made. */
export interface Initiated {
  readonly root: Root;
  readonly checkout: Checkout | null;
  readonly adopted: Release | null;
  readonly choice: Choice;
  readonly manager: string | null;
  /** Names of the running apps; null where pm2 does not answer. */
  readonly apps: readonly string[] | null;
  /** By which kind of key the newest tags are signed, all of them; null: they are not, or nobody can tell. */
  readonly signed: 'ssh' | 'gpg' | null;
}

const LOOK_LIMIT_MS = 60_000;

/**
 * Makes a folder a root: checks everything first, then writes the machine's id, what was seen, and last of all `gitops.json`.
 * Never touches a running app or a tracked file. Throws `ROOT_EXISTS`, `USAGE`, `CHANNEL_UNKNOWN`, `CONFIG_INVALID`, `LOCK_UNSUPPORTED`.
 */
export async function initiate(request: InitRequest, signal: AbortSignal): Promise<Initiated> {
  const host = composeHost();
  const layout = layoutOf(await realpath(resolve(request.folder)));
  if (await exists(layout.config))
    throw new GitOpsError('ROOT_EXISTS', `${layout.root} is a root already`, {
      hint: 'see pm2-gitops status',
    });
  requireOwnFolder(layout.state);
  await requireLocks();
  const checkout = await inspectCheckout(layout.root, { env: host.env, signal, limitMs: LOOK_LIMIT_MS });
  const written = await settle(request, { layout, checkout });
  const config = parseMachineConfig(written, { origin: 'init', strategy: written.strategy });
  const refs = await requireReachable(config, { host, cwd: layout.root, signal });
  const choice = chooseRelease(config.channel, refs, config.tagPrefix);
  if (!choice.found && choice.reason === 'unknownChannel')
    throw unknownChannel(config.channelText, choice.detail);
  const now = host.clock.now();
  const root: Root = { host, layout, config, machine: await ensureMachine(layout, now) };
  await writeObserved(layout, afterLook(null, refs, { turn: 0, at: now, tagPrefix: config.tagPrefix }));
  const adopted = checkout === null ? null : await adopt(root, signal);
  await writeDurably(layout.config, `${JSON.stringify(written, null, 2)}\n`);
  return {
    root,
    checkout,
    adopted,
    choice,
    manager: await managerOf(layout, checkout),
    apps: await appsOf(root, signal),
    signed: await signedTags(initPlace(root, signal), refs),
  };
}

interface Written {
  readonly repository: string;
  readonly channel: string;
  readonly strategy: Strategy;
}

/** Decides what is to be written, or refuses a folder that fits no strategy. */
async function settle(
  { repository, channel, strategy }: InitRequest,
  { layout, checkout }: { layout: Layout; checkout: Checkout | null },
): Promise<Written> {
  requireChannel(channel);
  const chosen = strategy ?? (checkout === null ? 'releases' : 'checkout');
  if (chosen === 'checkout' && checkout === null) {
    throw new GitOpsError('USAGE', `${layout.root} is no git checkout`, {
      hint: 'clone the repository there, or leave --strategy out',
    });
  }
  if (chosen === 'releases') await requireEmpty(layout.root);
  const url = repository === null ? (checkout?.remoteUrl ?? null) : await absoluteIfPath(repository);
  if (url !== null) return { repository: url, channel, strategy: chosen };
  throw new GitOpsError(
    'USAGE',
    checkout === null
      ? 'which repository?'
      : `the checkout ${layout.root} has no remote that is clearly its own`,
    {
      hint: 'name it: pm2-gitops init REPOSITORY',
    },
  );
}

async function requireEmpty(folder: string): Promise<void> {
  const [found] = (await readdir(folder)).filter((name) => name !== '.pm2-gitops');
  if (found === undefined) return;
  throw new GitOpsError('USAGE', `${folder} is not empty (it holds ${found})`, {
    hint: 'take an empty folder for a root with release folders, or stand in a checkout to adopt it',
  });
}

/** A path on this machine must mean the same wherever a poller stands. */
async function absoluteIfPath(repository: string): Promise<string> {
  const path = resolve(repository);
  return !/^[a-z+]+:\/\//i.test(repository) && (await exists(path)) ? path : repository;
}

async function requireReachable(
  { repository, channel }: MachineConfig,
  { host, cwd, signal }: { host: Host; cwd: string; signal: AbortSignal },
): Promise<readonly Ref[]> {
  try {
    return await listRefs(
      { url: repository, env: host.env },
      { channels: [channel] },
      {
        cwd,
        signal,
        background: host.background,
      },
    );
  } catch (error) {
    // While a root is made, an unreachable repository most likely is a mistyped one.
    if (!isGitOpsError(error, 'SOURCE_UNREACHABLE', 'SOURCE_REFUSED')) throw error;
    throw new GitOpsError('USAGE', error.message, {
      cause: error,
      hint: 'check the address, and that git can reach it without asking: git ls-remote',
    });
  }
}

async function adopt(root: Root, signal: AbortSignal): Promise<Release> {
  const { layout, host } = root;
  await makePrivateFolder(layout.state);
  const event = await adoptCheckout(initPlace(root, signal));
  const journal = await openJournal(layout.journal);
  await journal.append(next(FRESH, event), host.clock.now());
  return event.release;
}

function initPlace(root: Root, signal: AbortSignal): Workplace {
  const order = {
    root: root.layout.root,
    run: 'init',
    cause: 'init',
    to: null,
    impatient: false,
    hurried: false,
    answer: false,
    startPm2: false,
  };
  return openWorkplace(root, order, signal);
}

async function managerOf({ root }: Layout, checkout: Checkout | null): Promise<string | null> {
  return checkout === null ? null : (chooseManager(await readProject(root))?.name ?? null);
}

async function appsOf(root: Root, signal: AbortSignal): Promise<readonly string[] | null> {
  try {
    const processes = await rootProcesses(root, null, signal);
    return [...new Set(processes.map(({ name }) => name))];
  } catch (error) {
    if (isGitOpsError(error)) return null;
    throw error;
  }
}
