import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { execa } from 'execa';
import { ownFolder } from '../folder.js';

/** Makes signatures in the armor that git keeps. */
export interface Signer {
  sign(payload: string): Promise<string>;
}

/** A key of SSH. */
export interface SshSigner extends Signer {
  /** `use`: what for; git's is `git`. */
  sign(payload: string, use?: string): Promise<string>;
  /** `ssh-ed25519 AAAA…`. */
  readonly key: string;
  /** Where the private half lies. */
  readonly file: string;
}

/** A home of GnuPG with keys of which everybody may know the public half. */
export interface GpgSigner {
  /** Its folder: GNUPGHOME. */
  readonly home: string;
  /** Makes a key for somebody, at a moment (`20200101T000000`, null: now) and for a while. */
  makeKey(who: string, made: string | null, lives: string): Promise<void>;
  as(who: string, at?: string | null): Signer;
  /** The public keys of some, as a text. */
  publicKeys(who: readonly string[]): Promise<string>;
  /** Revokes somebody's key: the public half tells it from now on. */
  revoke(who: string): Promise<void>;
}

/** Why signatures cannot be tested here: a program that is missing; or false. */
export async function without(program: 'ssh-keygen' | 'gpg'): Promise<string | false> {
  const { code } = await execa(program, ['-?'], { reject: false, stdin: 'ignore' });
  return code === 'ENOENT' ? `${program} is not in PATH` : false;
}

/** Makes a key of SSH. */
export async function sshSigner(t: TestContext): Promise<SshSigner> {
  const folder = await ownFolder(t);
  const file = join(folder, 'key');
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file]);
  return {
    key: (await readFile(`${file}.pub`, 'utf8')).trim(),
    file,
    async sign(payload, use = 'git') {
      const { stdout } = await execa('ssh-keygen', ['-q', '-Y', 'sign', '-n', use, '-f', file], {
        input: payload,
      });
      return `${stdout}\n`;
    },
  };
}

/** Makes a home of GnuPG; its agent ends with the test. */
export async function gpgSigner(t: TestContext): Promise<GpgSigner> {
  const home = await mkdtemp(join(tmpdir(), 'pgo-gpg-'));
  const env = { GNUPGHOME: home };
  t.after(async () => {
    await execa('gpgconf', ['--kill', 'all'], { env });
    await rm(home, { recursive: true, force: true });
  });
  const gpg = async (args: readonly string[], input = ''): Promise<string> => {
    const asked = [
      '--batch',
      '--quiet',
      '--no-tty',
      '--pinentry-mode',
      'loopback',
      '--passphrase',
      '',
      ...args,
    ];
    return (await execa('gpg', asked, { env, input })).stdout;
  };
  const at = (moment: string | null): string[] => (moment === null ? [] : ['--faked-system-time', moment]);
  return {
    home,
    async makeKey(who, made, lives) {
      await gpg([...at(made), '--quick-gen-key', who, 'ed25519', 'sign', lives]);
    },
    as: (who, moment = null) => ({
      sign: async (payload) =>
        `${await gpg([...at(moment), '--armor', '--detach-sign', '-u', who], payload)}\n`,
    }),
    publicKeys: (who) => gpg(['--armor', '--export', ...who]),
    async revoke(who) {
      const listed = await gpg(['--with-colons', '--list-keys', who]);
      const print = /^fpr:{9}([0-9A-F]+):/m.exec(listed)?.[1] ?? '';
      const file = join(home, 'openpgp-revocs.d', `${print}.rev`);
      const text = (await readFile(file, 'utf8')).replace(/^:---/m, '---');
      await writeFile(file, text);
      await gpg(['--import', file]);
    },
  };
}
