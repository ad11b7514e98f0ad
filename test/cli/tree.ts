import { PassThrough } from 'node:stream';
import { openTerminal } from '../../src/cli/terminal.js';
import { growTree } from '../../src/cli/tree.js';
import type { Verb } from '../../src/cli/verb.js';

/** The whole command line, which nothing is typed into. */
export function wholeTree(): Promise<Verb> {
  const wishes = { colors: null, dumb: false, unicode: true };
  const terminal = openTerminal({
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    wishes,
    json: false,
  });
  return growTree('help', { terminal, signal: new AbortController().signal }, () => undefined);
}
