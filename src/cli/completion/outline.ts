import type { Command, Option } from 'commander';
import type { NameKind } from '../../agent/known-names.js';
import { TOPICS } from '../topics.js';

/** What a shell needs to know of one command. */
export interface Outline {
  /** The words that lead to it: none for the program itself, `policy check`. */
  readonly path: string;
  readonly verbs: readonly Described[];
  readonly options: readonly KnownOption[];
  /** What stands after the verb; null: nothing. A second argument is completed as the first one. */
  readonly argument: KnownValue | null;
}

/** A word, and what it means. */
export interface Described {
  readonly name: string;
  readonly description: string;
}

/** An option; a null value: it takes none. */
export interface KnownOption extends Described {
  readonly value: KnownValue | null;
}

/** What may stand somewhere: some words, names that the records tell, paths, or what nobody can know. */
export type KnownValue = { readonly called: string } & (
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'names'; readonly of: NameKind }
  | { readonly kind: 'files' | 'folders' | 'anything' }
);

// A placeholder says what stands there; where a verb means less by it than others, it says so here.
const NAMES: Readonly<Record<string, NameKind>> = {
  ...{ 'retry tag': 'quarantined', 'channel name': 'channels' },
  ...{ tag: 'tags', channel: 'channels', run: 'runs' },
};
const PATHS: Readonly<Record<string, 'files' | 'folders'>> = { file: 'files', dir: 'folders' };

/** A command and all below it that people may see. */
export function outlineOf(command: Command, path = ''): Outline[] {
  const help = command.createHelp();
  const verbs = help.visibleCommands(command);
  const own: Outline = {
    path,
    verbs: verbs.map((verb) => ({ name: verb.name(), description: verb.description() })),
    options: help.visibleOptions(command).map((option) => optionOf(option, path)),
    argument: argumentOf(command, path),
  };
  return [own, ...verbs.flatMap((verb) => outlineOf(verb, `${path} ${verb.name()}`.trim()))];
}

function optionOf(option: Option, path: string): KnownOption {
  const { long, short, description, required, optional, argChoices } = option;
  const called = /[<[]([^.\]>]+)/.exec(option.flags)?.[1] ?? '';
  return {
    ...{ name: long ?? short ?? '', description },
    value: required || optional ? valueOf({ called, words: argChoices }, path) : null,
  };
}

function argumentOf({ registeredArguments, parent }: Command, path: string): KnownValue | null {
  const [argument] = registeredArguments;
  if (argument === undefined) return null;
  const called = argument.name();
  const verbs = parent?.commands.map((command) => command.name()) ?? [];
  const words = called === 'topic' ? [...verbs, ...Object.keys(TOPICS)] : argument.argChoices;
  return valueOf({ called, words }, path);
}

function valueOf(
  { called, words }: { called: string; words: readonly string[] | undefined },
  path: string,
): KnownValue {
  if (words !== undefined) return { called, kind: 'words', words };
  const of = NAMES[`${path} ${called}`] ?? NAMES[called];
  return of === undefined ? { called, kind: PATHS[called] ?? 'anything' } : { called, kind: 'names', of };
}
