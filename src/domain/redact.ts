// Up to the last @ before the path: people write passwords with @ and quotes in them unescaped.
const USERINFO = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#"]*@/gi;
const SECRET_QUERY =
  /([?&;](?:[a-z0-9_-]*(?:token|secret|password|passwd|key|sig|signature|auth|credential)[a-z0-9_-]*)=)[^&;#\s'"]+/gi;

/**
 * A URL without what could open a door: no user, no password, no token-like query value.
 * Other text comes back as it is, so paths and `git@host:path` remotes may be passed too.
 */
export function redactUrl(url: string): string {
  return redactUrls(url);
}

/** The same for every URL within a text, such as a line that git or npm printed. */
export function redactUrls(text: string): string {
  return text.replace(USERINFO, '$1').replace(SECRET_QUERY, '$1***');
}
