/** Why git could not do its work. */
export type GitFailure =
  'unreachable' | 'refused' | 'missing' | 'malformed' | 'corrupt' | 'diskFull' | 'unknown';

// First match wins. A full disk and a cut line leave follow-up lines (`early EOF`, `index-pack failed`) that look like
// corruption, so they come first; GitHub answers "not found" for what the credentials may not see, so refusal is asked
// before absence. What is wrong with a pack on its way in is the line's or the server's fault, never our mirror's. Lines of the server (`remote: …`) tell about the server's disk and objects, never about ours.
const OURS: readonly (readonly [GitFailure, RegExp])[] = [
  // Git's checkout does not say why it was "unable to write file x"; into a fresh folder of ours there is one common reason.
  [
    'diskFull',
    /no space left on device|disk quota exceeded|there is not enough space on the disk|unable to write file [^:\n]*$/im,
  ],
  [
    'refused',
    new RegExp(
      [
        'authentication failed',
        'could not read (?:username|password)',
        'permission denied',
        'access denied',
        'repository .*not found',
        'does not appear to be a git repository',
        'host key verification failed',
        'invalid credentials',
        'terminal prompts disabled',
        'the requested url returned error: (?:30[1278]|401|403|404|407)',
        'you are not allowed',
        'unable to update url base from redirection',
      ].join('|'),
      'i',
    ),
  ],
  [
    'missing',
    /not our ref|couldn't find remote ref|no such remote ref|unadvertised object|reference is not a tree|does not allow request for/i,
  ],
  // What git's fsck finds wrong with an object that came whole, such as a folder called .git.
  ['malformed', /^(?:error|fatal): object [0-9a-f]{40,64}: [a-zA-Z0-9]+: |invalid path '/m],
  [
    'unreachable',
    new RegExp(
      [
        'could not resolve (?:host|hostname|proxy)',
        'temporary failure in name resolution',
        'failed to connect|could not connect|connection (?:refused|reset|timed out|closed|aborted)|connect to host',
        'operation timed out|operation too slow|network is unreachable|no route to host',
        'the requested url returned error: (?:408|429|5\\d\\d)',
        'rpc failed|early eof|unexpected disconnect|hung up unexpectedly|end of file|empty reply from server|broken pipe',
        'gnutls|\\bssl|\\btls\\b|certificate|schannel',
        'kex_exchange_identification|ssh: |unable to access',
        'could not read from remote repository',
        // What came is no answer of git, or not whole: a proxy's page, a cut that looks like the end.
        'protocol error|bad line length|unexpected line:|bytes of (?:body|length header) are|expected flush|expected .* got|dumb http transport|is this a git repository\\?',
        'pack has (?:bad object|junk)|pack signature mismatch|pack is corrupted|pack version .* unsupported|fsck error in packed object|out of memory',
      ].join('|'),
      'i',
    ),
  ],
  [
    'corrupt',
    new RegExp(
      [
        'object file .* is empty|loose object .* is corrupt|bad object|bad tree object|missing (?:blob|tree|commit|necessary objects)',
        'inflate: data|packfile .* (?:does not match|cannot be|is far too short)|unable to (?:unpack|read|find) .*(?:object|header|[0-9a-f]{40})',
        'could not parse|failed to (?:read|traverse)|unresolved deltas|remote did not send all necessary objects',
        'not a git repository|bad (?:numeric )?config|invalid sha1 pointer|broken (?:ref|link)|unable to read (?:tree|sha1)|bad signature|index file (?:corrupt|smaller)',
        'invalid object|corrupt|not a valid object|(?:invalid|bad) shallow line|unexpected line in|reference broken',
      ].join('|'),
      'i',
    ),
  ],
];

/** Names the cause of a failed `git ls-remote`, `git fetch` or checkout by what it printed. */
export function classifyGitFailure(stderr: string): GitFailure {
  const lines = stderr.split(/\r\n|\n|\r/);
  const own = lines.filter((line) => !line.startsWith('remote:')).join('\n');
  // `remote error:` is git's own line that quotes the server's refusal, so it stays in.
  return OURS.find(([, pattern]) => pattern.test(own))?.[0] ?? 'unknown';
}
