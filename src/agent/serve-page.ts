import { createHash, randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { GitOpsError } from '../domain/errors.js';
import { plainText } from '../domain/plain.js';
import { systemClock } from '../os/clock.js';
import { hasErrno, readTextIfAny, writeDurably } from '../os/files.js';
import {
  openLoopbackServer,
  plainAnswer,
  type LoopbackAnswer,
  type LoopbackRequest,
  type LoopbackServer,
} from '../os/loopback-server.js';
import { documentOf, pageOf } from '../page/document.js';
import { SCRIPT } from '../page/script.js';
import { STYLE } from '../page/style.js';
import { layoutOf } from '../state/layout.js';
import { runIds, runLog } from '../state/runs.js';
import { LivePage } from './live-page.js';
import { readPage } from './read-page.js';

/** What is served, and where. */
export interface PageTerms {
  /** The roots, each a folder. */
  readonly folders: readonly string[];
  /** Null: `PORT`, or a free one where somebody else has that. */
  readonly port: number | null;
  readonly onProblem: (error: unknown) => void;
}

/** A page that is being served. */
export interface ServedPage {
  /** With the key that opens it. */
  readonly address: string;
  close(): Promise<void>;
}

/** Where a page is served unless somebody says otherwise: beside pm2's own web interface, 9615. */
export const PORT = 9616;

/** Serves the page on this machine alone, to whoever has its address. Throws `USAGE` where the port is taken. */
export async function servePage({ folders, port, onProblem }: PageTerms): Promise<ServedPage> {
  const over = new AbortController();
  // Any user of this machine reaches its loopback, but only this one may read the state.
  const base = `/${randomBytes(16).toString('base64url')}/`;
  const addressOf = (root: number, run: string): string => `log/${root}/${encodeURIComponent(run)}`;
  const live = new LivePage({
    ...{ folders, clock: systemClock(), signal: over.signal },
    read: (signal) => readPage(folders, { runs: 1, addressOf }, signal),
  });
  const server = await listen(port, {
    onProblem,
    answer: (request) => answerTo(request, { base, folders, live }),
  });
  return {
    address: `${server.url}${base}`,
    close: async () => {
      over.abort(new Error('the page is closed'));
      await server.close();
    },
  };
}

/** Writes the page as a file that needs nothing else, in one stroke. */
export async function writePage(
  folders: readonly string[],
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const view = await readPage(folders, { runs: Infinity, addressOf: () => null }, signal);
  await writeDurably(
    resolve(path),
    documentOf(pageOf(view), { kind: 'file', policy: policyOf({ live: false }) }),
  );
}

interface Served {
  readonly base: string;
  readonly folders: readonly string[];
  readonly live: LivePage;
}

async function listen(
  port: number | null,
  {
    answer,
    onProblem,
  }: Pick<PageTerms, 'onProblem'> & { answer: (r: LoopbackRequest) => Promise<LoopbackAnswer> },
): Promise<LoopbackServer> {
  const common = { host: '127.0.0.1', background: false, answer, onProblem };
  try {
    return await openLoopbackServer({ ...common, port: port ?? PORT });
  } catch (error) {
    if (!hasErrno(error, 'EADDRINUSE', 'EACCES')) throw error;
    if (port === null) return openLoopbackServer({ ...common, port: 0 });
    throw new GitOpsError(
      'USAGE',
      `port ${port} cannot be had: somebody else listens there, or only root may`,
      {
        cause: error,
        hint: 'name another one, or 0 for one that is free',
      },
    );
  }
}

async function answerTo(request: LoopbackRequest, { base, folders, live }: Served): Promise<LoopbackAnswer> {
  const { path, query, signal } = request;
  if (!path.startsWith(base)) return withoutKey();
  const [what = '', root = '', run = ''] = path.slice(base.length).split('/');
  if (what === '') return showPage(live);
  if (what === 'log') return showLog(folders[Number(root)] ?? null, run);
  if (what !== 'events') return plainAnswer(404);
  if (live.isFull) return plainAnswer(503, { 'retry-after': '60' });
  const known = request.header('last-event-id') || (query.get('known') ?? '');
  return {
    status: 200,
    headers: { 'content-type': 'text/event-stream; charset=utf-8' },
    body: live.events(known, signal),
  };
}

function withoutKey(): LoopbackAnswer {
  const { headers } = plainAnswer(404);
  return {
    status: 404,
    headers,
    body: 'The address that pm2-gitops page printed holds a key; take all of it.\n',
  };
}

async function showPage(live: LivePage): Promise<LoopbackAnswer> {
  const { page, version } = await live.read();
  return {
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `${policyOf({ live: true })}; frame-ancestors 'none'`,
      'cross-origin-opener-policy': 'same-origin',
      // The address holds the key.
      'referrer-policy': 'no-referrer',
    },
    body: documentOf(page, { kind: 'live', version }),
  };
}

/** All of a run's log. Its name is looked for among those that are there: it leads nowhere else. */
async function showLog(folder: string | null, name: string): Promise<LoopbackAnswer> {
  if (folder === null) return plainAnswer(404);
  const layout = layoutOf(resolve(folder));
  const run = (await runIds(layout)).find((id) => encodeURIComponent(id) === name);
  const text = run === undefined ? null : await readTextIfAny(runLog(layout, run));
  if (text === null) return plainAnswer(404);
  return { ...plainAnswer(200), body: plainText(text) };
}

/** What the page may do: show itself, and if it is live run its script and ask for its own events. */
function policyOf({ live }: { live: boolean }): string {
  return [
    "default-src 'none'",
    `style-src ${hashOf(STYLE)}`,
    ...(live ? [`script-src ${hashOf(SCRIPT)}`, "connect-src 'self'"] : []),
    ...['img-src data:', "base-uri 'none'", "form-action 'none'"],
  ].join('; ');
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
