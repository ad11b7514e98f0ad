import * as v from 'valibot';
import type { TrustMode } from '../domain/trust.js';
import { section, text } from './forms.js';

/** What a machine asks of signatures, and by which of its own files it judges them. */
export interface VerifyConfig {
  readonly mode: TrustMode;
  /** Who may sign by SSH: a file in the form of ssh-keygen(1), ALLOWED SIGNERS. */
  readonly signers: string;
  /** SSH keys that count no more: a list of public keys, or a KRL; null: none. */
  readonly revoked: string | null;
  /** Who may sign by GPG: a file of exported public keys; null: nobody. */
  readonly keyring: string | null;
  /** What a signed message has to say in its line `Repository: …`; null: nothing. */
  readonly repository: string | null;
}

const mode = v.picklist(
  ['off', 'ifPresent', 'required'],
  'must be "off", "ifPresent" or "required", or an object with "mode"',
);

/** `verify` as people write it: how strict, or how strict and by which files. */
export const verifyForm = v.union([
  mode,
  section({
    mode,
    signers: v.optional(text),
    revoked: v.optional(text),
    keyring: v.optional(text),
    repository: v.optional(
      v.pipe(
        text,
        v.check((name) => !/\s/.test(name), 'must not hold a space; write it such as github.com/acme/shop'),
      ),
    ),
  }),
]);

/** The file of signers beside `gitops.json`. */
export const SIGNERS_FILE = 'gitops.signers';

/** Fills in what was left out. */
export function verifyFrom(written: v.InferOutput<typeof verifyForm> = 'off'): VerifyConfig {
  const said = typeof written === 'string' ? { mode: written } : written;
  const { signers = SIGNERS_FILE, revoked = null, keyring = null, repository = null } = said;
  return { mode: said.mode, signers, revoked, keyring, repository };
}
