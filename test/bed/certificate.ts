import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { execa } from 'execa';
import { ownFolder } from '../folder.js';

/** A key and its certificate, and where the certificate lies. */
export interface Certificate {
  readonly pair: { readonly key: Buffer; readonly cert: Buffer };
  readonly path: string;
}

/** A key, and a certificate for 127.0.0.1 that nobody trusts; null, and the test is skipped, where there is no openssl. */
export async function ownCertificate(t: TestContext): Promise<Certificate | null> {
  const folder = await ownFolder(t);
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject];
  const { failed } = await execa('openssl', made, { reject: false });
  if (!failed) return { pair: { key: await readFile(key), cert: await readFile(cert) }, path: cert };
  t.skip('openssl is not there');
  return null;
}
