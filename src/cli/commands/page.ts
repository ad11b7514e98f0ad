import { once } from 'node:events';
import { knownFolders } from '../../agent/known-roots.js';
import { PORT, servePage, writePage } from '../../agent/serve-page.js';
import { GitOpsError, isGitOpsError } from '../../domain/errors.js';
import { EXIT } from '../exit.js';
import { openNamedRoot, type CommonOptions, type Session } from '../session.js';
import { Verb } from '../verb.js';

interface PageOptions {
  readonly root?: readonly string[];
  readonly all?: boolean;
  readonly port?: string;
  readonly out?: string;
}

/** `page`: what `status` and `history` know, in a browser. */
export function pageVerb(session: Session, end: (code: number) => void): Verb {
  return new Verb('page')
    .description('what status and history know, as a page: served on this machine, or as a file')
    .option(
      '--root <dir...>',
      'the roots, one or several (default: the nearest folder upwards with a gitops.json; outside of any: all)',
    )
    .option('--all', 'all roots of this user')
    .option('--port <port>', `where it is served (default: ${PORT}, or a free one; 0: a free one)`)
    .option('--out <file>', 'write it to a file, and serve nothing')
    .example('page', 'serves it until it is interrupted, and prints its address')
    .example('page --out status.html', 'writes it to a file')
    .action(async (options: PageOptions) => {
      const { port, out } = options;
      const folders = await foldersOf(options);
      if (out === undefined) await serve(folders, portOf(port), session);
      else await writePage(folders, out, session.signal);
      end(EXIT.done);
    });
}

/** The roots that are meant: those named, else the one that we stand in, else all. One that is named and cannot be opened is told now; what breaks later, on the page. */
async function foldersOf({ root = [], all }: PageOptions): Promise<string[]> {
  if (root.length > 0) return Promise.all(root.map((named) => openFolder({ root: named })));
  if (all === true) return knownFolders();
  try {
    return [await openFolder({})];
  } catch (error) {
    const known = isGitOpsError(error, 'NOT_A_ROOT') ? await knownFolders() : [];
    if (known.length === 0) throw error;
    return known;
  }
}

async function openFolder(named: CommonOptions): Promise<string> {
  return (await openNamedRoot(named)).layout.root;
}

async function serve(
  folders: readonly string[],
  port: number | null,
  { terminal, signal }: Session,
): Promise<void> {
  const page = await servePage({
    folders,
    port,
    onProblem: (error) => {
      terminal.problem(error);
    },
  });
  terminal.data(page.address);
  terminal.progress('Whoever has this address may read the page, on this machine only. Ctrl-C ends it.');
  if (!signal.aborted) await once(signal, 'abort');
  await page.close();
}

function portOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text);
  throw new GitOpsError('USAGE', `--port "${text}" is no port`, { hint: 'write a number from 0 to 65535' });
}
