import { resolve } from 'node:path';
import { ok, problem, warning, type Check } from '../../domain/check.js';
import type { Credentials } from '../../config/remote.js';
import { exists } from '../../os/files.js';
import { exposureOf, isReadableByOthers, type Exposure } from '../../os/trusted.js';
import type { Visit } from './visit.js';

/** Whether other users of this machine could have it do what they want, or read its secrets. */
export async function checkPrivacy({ root: { layout, config } }: Visit): Promise<Check[]> {
  const { signers, revoked, keyring } = config.verify;
  const judges = [signers, revoked, keyring].flatMap((path) =>
    path === null ? [] : [resolve(layout.root, path)],
  );
  const places = [layout.root, layout.config, layout.releases, ...judges];
  const secrets = [config.credentials, config.policy?.credentials ?? null].flatMap(fileOf);
  const found = await Promise.all([...places.map(checkPlace), ...secrets.map(checkSecret)]);
  const told = found.flat();
  return told.length === 0 ? [ok('root.privacy', 'no other user of this machine can change the root')] : told;
}

async function checkPlace(path: string): Promise<Check[]> {
  if (!(await exists(path))) return [];
  const exposure = await exposureOf(path);
  const detail = `${path} ${describe(exposure)}: whoever can write there has this machine run code as your user`;
  if (exposure.to === 'nobody') return [];
  if (exposure.to === 'group')
    return [warning('root.privacy', detail, `chmod g-w ${path}, unless all of that group may`)];
  return [
    problem(
      'root.privacy',
      detail,
      exposure.to === 'user' ? `give ${path} to your user` : `chmod o-w ${path}`,
    ),
  ];
}

function describe(exposure: Exposure): string {
  switch (exposure.to) {
    case 'user':
      return `belongs to another user (uid ${exposure.uid})`;
    case 'group':
      return 'may be written by its group';
    case 'everybody':
    case 'nobody':
      return `may be written by ${exposure.to}`;
  }
}

async function checkSecret(path: string): Promise<Check[]> {
  if (!(await exists(path)) || !(await isReadableByOthers(path))) return [];
  return [warning('root.privacy', `${path} holds a token, and others may read it`, `chmod 600 ${path}`)];
}

function fileOf(credentials: Credentials | null): string[] {
  return credentials !== null && 'file' in credentials.from ? [credentials.from.file] : [];
}
