import { resolve } from 'node:path';
import { openRoot } from '../agent/compose.js';
import type { Root } from '../agent/root.js';
import { jsonEventLine, matters, prettyLine, type EventLine } from '../domain/event-line.js';
import { appendRotating } from '../os/rotating-file.js';

/** How the lines of one root are told. */
export interface EventLogOptions {
  /** Stands before each line for people, where several roots are told of; or null. */
  readonly name: string | null;
  /** What was asked for on the command line; null: as gitops.json says. */
  readonly format: LogConfig['format'] | null;
  /** The standard output. */
  readonly print: (line: string) => void;
}

type LogConfig = Root['config']['log'];

// Of a root that cannot be read: its agent tells what is wrong with it.
const UNREAD: LogConfig = { format: 'pretty', level: 'info', file: null, maxBytes: 0, keep: 2 };

/** Opens the log of a root as its gitops.json says. A file that takes no line lets it through to the standard output. */
export async function openEventLog(
  folder: string,
  { name, format, print }: EventLogOptions,
): Promise<(line: EventLine) => void> {
  const log = await openRoot(folder).then(
    ({ config }) => config.log,
    () => UNREAD,
  );
  const file = log.file === null ? null : resolve(folder, log.file);
  if (file !== null) print(`the log of ${folder} goes to ${file}`);
  const render = (line: EventLine): string =>
    (format ?? log.format) === 'json'
      ? jsonEventLine({ ...line, about: { root: folder, ...line.about } })
      : prettyLine(name === null ? line : { ...line, message: `${name}  ${line.message}` });
  return (line) => {
    if (!matters(line.level, log.level)) return;
    if (file === null) print(render(line));
    else append(file, render(line), { ...log, print });
  };
}

function append(
  file: string,
  line: string,
  { print, ...bounds }: LogConfig & Pick<EventLogOptions, 'print'>,
): void {
  try {
    appendRotating(file, `${line}\n`, bounds);
  } catch {
    print(line); // a full disk, or a folder that is gone
  }
}
