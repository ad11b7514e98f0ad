import { resolve } from 'node:path';
import { findRoot, rootOfEnvironment } from '../../agent/compose.js';
import { knownNames, NAME_KINDS, type NameKind } from '../../agent/known-names.js';
import { EXIT } from '../exit.js';
import type { Session } from '../session.js';
import { Verb } from '../verb.js';

/** `complete KIND -- WORDS`: what the scripts of `completion` ask: names, one on a line. Whatever is wrong, it answers nothing, and is done. */
export function completeVerb({ terminal }: Session, end: (code: number) => void): Verb {
  return (
    new Verb('complete')
      .description('names for completion, as the records tell')
      .argument('<kind>', NAME_KINDS.join(', '))
      .argument('[words...]', 'what has been typed so far')
      // npm's shim for PowerShell eats a --, so the words stand there without.
      .allowUnknownOption()
      .helpOption(false)
      .action(async (kind: string, words: readonly string[]) => {
        const names = await namesOf(kind, words).catch(() => []);
        if (names.length > 0) terminal.data(names.join('\n'));
        end(EXIT.done);
      })
  );
}

async function namesOf(kind: string, words: readonly string[]): Promise<string[]> {
  const known = NAME_KINDS.find((each): each is NameKind => each === kind);
  if (known === undefined) return [];
  const folder = rootAmong(words) ?? rootOfEnvironment() ?? (await findRoot(process.cwd()));
  return knownNames(resolve(folder), known);
}

/** What `--root` names in a line that is being typed. */
function rootAmong(words: readonly string[]): string | null {
  const at = words.findLastIndex((word) => word === '--root' || word.startsWith('--root='));
  return at < 0 ? null : (/^--root=(.*)$/.exec(words[at] ?? '')?.[1] ?? words[at + 1] ?? null);
}
