// Up to the last @ before the path: people write passwords with @ and quotes in them unescaped.
const USERINFO = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#"]*@/gi;
const SSH = /^((?:git\+)?ssh(?:\+git)?:\/\/)([^\s/?#@:]+)(?::[^\s/?#]*)?@(?=[^\s/?#@]*(?:[/?#]|$))/i;
const SECRET_QUERY =
  /([?&;](?:[a-z0-9_-]*(?:token|secret|password|passwd|key|sig|signature|auth|credential)[a-z0-9_-]*)=)[^&;#\s'"]+/gi;

/**
 * A URL without what could open a door: no user, no password, no token-like query value.
 * Other text comes back as it is, so paths and `git@host:path` remotes may be passed too.
 */
export function redactUrl(url: string): string {
  return redactUrls(url);
}

/**
 * A remote's URL as it may be written down: without secrets, and still the way in. The user of an ssh URL is part of the address;
 * what stands there in an http one may be a token, and git's credential helpers ask for it.
 */
export function storableUrl(url: string): string {
  return SSH.test(url) ? url.replace(SSH, '$1$2@') : redactUrl(url);
}

/** What `redactUrl` does, for every URL within a text, such as a line that git or npm printed. */
export function redactUrls(text: string): string {
  return text.replace(USERINFO, '$1').replace(SECRET_QUERY, '$1***');
}

/** A text without these secrets. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((clean, secret) => (secret === '' ? clean : clean.replaceAll(secret, '***')), text);
}
