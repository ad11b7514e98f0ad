import { execa } from 'execa';
import type { Answer, Ask } from './loopback.js';

/** Whoever commits and tags on the bed. */
export const AUTHOR = { name: 'Bed', email: 'bed@example.invalid', epoch: 1_750_000_000 };

/** Answers a request by git's own server program: the repositories lie in `folder`. */
export async function answerByGit(ask: Ask, folder: string): Promise<Answer> {
  const { stdout } = await execa('git', ['http-backend'], {
    cwd: folder,
    env: { ...gitEnvironment(), ...cgiEnvironment(ask), GIT_PROJECT_ROOT: folder },
    extendEnv: false,
    input: ask.body,
    encoding: 'buffer',
    stripFinalNewline: false,
    // upload-pack ends with an error after it told the client about it.
    reject: false,
  });
  return cgiAnswer(Buffer.from(stdout));
}

/** An environment in which git is deaf to the configuration of whoever runs the tests. */
export function gitEnvironment(): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: AUTHOR.name,
    GIT_AUTHOR_EMAIL: AUTHOR.email,
    GIT_AUTHOR_DATE: `${AUTHOR.epoch} +0000`,
    GIT_COMMITTER_NAME: AUTHOR.name,
    GIT_COMMITTER_EMAIL: AUTHOR.email,
    GIT_COMMITTER_DATE: `${AUTHOR.epoch} +0000`,
  };
}

/** https://www.rfc-editor.org/rfc/rfc3875: the request as variables; header names get an HTTP_ before them. */
function cgiEnvironment({ method, path, query, headers, body }: Ask): Record<string, string> {
  return {
    GIT_HTTP_EXPORT_ALL: '1',
    REQUEST_METHOD: method,
    PATH_INFO: path,
    QUERY_STRING: query,
    CONTENT_TYPE: headers['content-type'] ?? '',
    CONTENT_LENGTH: String(body.length),
    HTTP_CONTENT_ENCODING: headers['content-encoding'] ?? '',
    GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
  };
}

function cgiAnswer(output: Buffer): Answer {
  const end = output.indexOf('\r\n\r\n');
  const lines = output.subarray(0, end).toString('latin1').split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
  );
  const { status = '200', ...others } = headers;
  return { status: Number.parseInt(status, 10), headers: others, body: output.subarray(end + 4) };
}
