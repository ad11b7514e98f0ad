import { dirname } from 'node:path';
import type { Env } from '../os/env.js';
import type { GitSetting } from './git-settings.js';

/** What a machine says of the ways to a remote. */
export interface WayFacts {
  readonly env: Env;
  /** Null: git does not say. */
  readonly settings: readonly GitSetting[] | null;
}

/**
 * Why git itself has to ask this remote, or null if the poller may. Whatever git is told of how to reach http(s), and of whom to trust there,
 * counts; credentials do not: a server that wants some says so.
 */
export function whyByGit(url: string, { env, settings }: WayFacts): string | null {
  const address = httpAddress(url);
  if (address === null) return 'it is no http(s) address that we can add to';
  const variable = Object.entries(env).find(([name, value]) => VARIABLES.test(name) && value !== '');
  if (variable !== undefined) return `${variable[0]} is set`;
  if (settings === null) return "git's settings cannot be read";
  const setting = settings.find((each) => isMaster(each, url, address));
  return setting === undefined ? null : `git is told ${setting.key}`;
}

// Proxies, and certificates: curl(1), ENVIRONMENT; git(1), GIT_SSL_*, GIT_PROXY_SSL_*.
const VARIABLES = /^((https?|all)_proxy|GIT_(PROXY_)?SSL_.*|SSL_CERT_(FILE|DIR))$/i;

/** An address to whose path something can be added, and that holds no password. */
function httpAddress(text: string): URL | null {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return null;
  const url = new URL(text);
  return url.search === '' && url.hash === '' && url.password === '' ? url : null;
}

function isMaster({ key, value, origin }: GitSetting, text: string, url: URL): boolean {
  const [, section = '', place = null, name = ''] = KEY.exec(key) ?? [];
  if (section === 'url') return name === 'insteadof' && text.startsWith(value);
  if (section === 'protocol') return !['ext', 'file', 'git', 'ssh'].includes(place ?? '');
  if (section !== 'http' || HARMLESS.includes(name)) return false;
  if (place !== null && !mayMean(place, url)) return false;
  return !(name === 'extraheader' && value === '') && !(name === 'sslcainfo' && isBundled(value, origin));
}

const KEY = /^([^.]+)(?:\.(.*))?\.([^.]+)$/s;
// How git uses a connection, not where to nor whom it trusts. We follow no redirect that could matter.
const HARMLESS = [
  ...['lowspeedlimit', 'lowspeedtime', 'postbuffer', 'maxrequests', 'minsessions', 'version'],
  ...['noepsv', 'useragent', 'sslbackend', 'followredirects'],
];

/** `http.<url>.*`: git matches user, path and wildcards, too; the host is enough to be careful. */
function mayMean(place: string, url: URL): boolean {
  return place.includes('*') || !URL.canParse(place) || new URL(place).hostname === url.hostname;
}

/** Git for Windows names its own bundle of the usual authorities in its own configuration. */
function isBundled(path: string, origin: string | null): boolean {
  if (origin === null) return false;
  const installation = dirname(dirname(origin));
  return installation.length > 3 && path.toLowerCase().startsWith(`${installation.toLowerCase()}/`);
}
