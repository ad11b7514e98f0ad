import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { GenericSchema } from 'valibot';
import type { RecordSight } from '../domain/doctor/state.js';
import { isGitOpsError } from '../domain/errors.js';
import { hasErrno, namesIn, readTextIfAny } from '../os/files.js';
import { appsFile } from './app-record.js';
import { deploymentFile, forgeFile } from './forge-store.js';
import type { Layout } from './layout.js';
import { parseRecord } from './records.js';
import { runIds } from './runs.js';
import { datesFile, policyFile } from './schema-policy.js';
import {
  childrenFile,
  comparedFile,
  journalLine,
  machineFile,
  observedFile,
  offspringFile,
  ordersFile,
  refsFile,
  runFile,
} from './schema.js';
import { trustFile } from './trust-store.js';

// More are hardly asked for.
const RUNS = 20;

/** Looks at every record of a root, and puts none aside. What is not there is none. */
export async function inspectRecords(layout: Layout): Promise<RecordSight[]> {
  const runs = (await runIds(layout)).slice(-RUNS).map((id) => join(layout.runs, id, 'run.json'));
  const records: readonly (readonly [string, GenericSchema])[] = [
    ...([
      [layout.machine, machineFile],
      [layout.orders, ordersFile],
      [layout.observed, observedFile],
      [layout.refs, refsFile],
      [layout.policy, policyFile],
      [layout.dates, datesFile],
      [layout.trust, trustFile],
      [layout.forge, forgeFile],
      [layout.deployment, deploymentFile],
      [layout.apps, appsFile],
      [layout.compared, comparedFile],
      [layout.children, childrenFile],
      [layout.offspring, offspringFile],
    ] as const),
    ...runs.map((path) => [path, runFile] as const),
  ];
  const whole = records.map(([path, schema]) => inspect(path, (text) => judgeRecord(path, text, schema)));
  const journal = inspect(layout.journal, (text) => judgeJournal(layout.journal, text));
  const aside = (await namesIn(layout.state))
    .filter((name) => name.endsWith('.corrupt'))
    .map((name) => ({ path: join(layout.state, name), is: 'aside' as const }));
  return [...(await Promise.all([journal, ...whole])).flat(), ...aside];
}

async function inspect(path: string, judge: (text: string) => RecordSight['is']): Promise<RecordSight[]> {
  try {
    const text = await readTextIfAny(path);
    return text === null ? [] : [{ path, is: judge(text) }];
  } catch (error) {
    if (isGitOpsError(error, 'STATE_NEWER')) return [{ path, is: 'newer' }];
    // A pipe, a folder, another user's file, a bad block.
    if (isGitOpsError(error) || hasErrno(error, 'EACCES', 'EPERM', 'EISDIR', 'EIO', 'ELOOP'))
      return [{ path, is: 'unreadable' }];
    throw error;
  }
}

function judgeRecord(path: string, text: string, schema: GenericSchema): RecordSight['is'] {
  return parseRecord(text, schema, path) === null ? 'unreadable' : 'whole';
}

/** A line without an end was being written when somebody was killed: it never happened. */
function judgeJournal(path: string, text: string): RecordSight['is'] {
  const lines = text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '');
  const told = lines.filter((line) => parseRecord(line, journalLine, path) !== null);
  if (told.length === lines.length) return 'whole';
  return told.length === 0 ? 'unreadable' : 'torn';
}

/** What of the state others than its owner may get at: the folder, and the files in it. Windows has no such bits. */
export async function openParts({ state }: Layout): Promise<string[]> {
  if (process.platform === 'win32') return [];
  const parts = [state, ...(await namesIn(state)).map((name) => join(state, name))];
  const found = await Promise.all(
    parts.map(async (path) => {
      const seen = await stat(path).catch(() => null);
      const isOurs = path === state || seen?.isFile() === true;
      return seen !== null && isOurs && (seen.mode & 0o077) !== 0 ? [path] : [];
    }),
  );
  return found.flat();
}
