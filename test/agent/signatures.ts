import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { execa } from 'execa';
import { lookNow } from '../../src/agent/look.js';
import { requireVerified } from '../../src/agent/verify-release.js';
import type { Workplace } from '../../src/agent/workplace.js';
import { verifyFrom, type VerifyConfig } from '../../src/config/verify.js';
import { isGitOpsError } from '../../src/domain/errors.js';
import type { Release } from '../../src/domain/release.js';
import { Remote } from '../bed/remote.js';
import { sshSigner, type Signer, type SshSigner } from '../bed/signer.js';
import { ownFolder } from '../folder.js';
import { ownPlace } from './place.js';

/** What a crafted tag object says. */
export interface Craft {
  readonly name: string;
  readonly target: string;
  readonly type?: string;
  readonly message?: string;
  /** Seconds. */
  readonly at?: number;
}

/** A remote, a machine that asks for signatures, and whose key it knows. */
export interface Bench {
  readonly remote: Remote;
  readonly place: Workplace;
  readonly ops: SshSigner;
  readonly stranger: SshSigner;
  readonly commit: string;
}

/** The text of a tag object. */
export function tagText({
  name,
  target,
  type = 'commit',
  message = name,
  at = 1_750_000_000,
}: Craft): string {
  return `object ${target}\ntype ${type}\ntag ${name}\ntagger Ops <ops@example.invalid> ${at} +0000\n\n${message}\n`;
}

/** Opens a remote with a release, and a machine that has a file of one signer. */
export async function openBench(t: TestContext, verify: Partial<VerifyConfig> = {}): Promise<Bench> {
  const remote = await Remote.open();
  t.after(() => remote.close());
  const commit = await remote.release('v0.1.0', { a: '1' });
  const [ops, stranger] = await Promise.all([sshSigner(t), sshSigner(t)]);
  const place = await ownPlace(t, { repository: remote.url, verify: { mode: 'required', ...verify } });
  const env = { PATH: process.env['PATH'] ?? '', HOME: place.root.layout.root, GIT_CONFIG_NOSYSTEM: '1' };
  await trust({ place }, `ops@example.invalid namespaces="git" ${ops.key}\n`);
  return {
    remote,
    ops,
    stranger,
    commit,
    place: { ...place, root: { ...place.root, host: { ...place.root.host, env } } },
  };
}

/** Writes the machine's file of signers. */
export async function trust({ place }: Pick<Bench, 'place'>, text: string): Promise<void> {
  await writeFile(join(place.root.layout.root, 'gitops.signers'), text);
}

/** Writes a tag object, signed by somebody or by nobody, and puts a tag upon it. Gives the id of the object. */
export async function pushTag(
  { remote }: Pick<Bench, 'remote'>,
  craft: Craft & { readonly ref?: string },
  signers: readonly Signer[] = [],
): Promise<string> {
  const text = tagText(craft);
  const signatures = await Promise.all(signers.map((signer) => signer.sign(text)));
  return pushObject({ remote }, craft.ref ?? craft.name, text + signatures.join(''));
}

/** Puts a tag upon an object of any text. */
export async function pushObject(
  { remote }: Pick<Bench, 'remote'>,
  tag: string,
  text: string,
): Promise<string> {
  const id = await remote.git(['hash-object', '-t', 'tag', '-w', '--literally', '--stdin'], text);
  await remote.git(['update-ref', `refs/tags/${tag}`, id]);
  return id;
}

/** The same machine with other settings. */
export function asking(place: Workplace, verify: Partial<VerifyConfig>): Workplace {
  const config = { ...place.root.config, verify: { ...verifyFrom('required'), ...verify } };
  return { ...place, root: { ...place.root, config } };
}

/** Looks at the remote, and gives the release of a tag as it was seen. */
export async function seen(place: Workplace, tag: string): Promise<Release> {
  const ref = tag.startsWith('refs/') ? tag : `refs/tags/${tag}`;
  const { refs } = await lookNow(place.root, place.signal);
  const found = refs.find(({ name }) => name === ref);
  if (found === undefined) throw new Error(`${tag} was not seen`);
  return { tag: tag.replace(/^refs\/\w+\//, ''), commit: found.commit, ref };
}

/** Requires that a release may run; gives back why not, or null. */
export async function whyNot(place: Workplace, release: Release): Promise<string | null> {
  try {
    await requireVerified(place, release);
    return null;
  } catch (error) {
    if (isGitOpsError(error, 'UNVERIFIED')) return error.message;
    throw error;
  }
}

/** A folder of programs with git and what git needs, and no ssh-keygen. */
export async function onlyGit(t: TestContext): Promise<string> {
  const folder = await ownFolder(t);
  for (const name of ['git', 'sh']) {
    const { stdout } = await execa('sh', ['-c', `command -v ${name}`]);
    await symlink(stdout, join(folder, name));
  }
  return folder;
}
