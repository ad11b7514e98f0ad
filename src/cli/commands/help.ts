import { nearestName } from '../../config/issues.js';
import { GitOpsError } from '../../domain/errors.js';
import { EXIT } from '../exit.js';
import type { Session } from '../session.js';
import { TOPICS } from '../topics.js';
import { Verb } from '../verb.js';
import type { Command } from 'commander';

/** `help [VERB or TOPIC]`: the help of a verb, or a page about something else. */
export function helpVerb({ terminal }: Session, end: (code: number) => void): Verb {
  return new Verb('help')
    .description('tells about a verb or a topic')
    .argument('[topic...]', `a verb, or one of ${Object.keys(TOPICS).join(', ')}`)
    .example('help apply', 'the same as apply --help')
    .example('help exit-codes', 'what a script may rely on')
    .action((words: readonly string[], _options: object, help: Command) => {
      const [topic, asked] = [words.join(' '), verbOf(help.parent, words)];
      if (asked !== null) asked.outputHelp();
      else if (Object.hasOwn(TOPICS, topic)) terminal.data(TOPICS[topic]?.(terminal) ?? '');
      else throw unknownTopic(topic, help.parent);
      end(EXIT.done);
    });
}

/** The command that words lead to from another one, or null. */
function verbOf(from: Command | null, words: readonly string[]): Command | null {
  const [word, ...more] = words;
  if (word === undefined) return from;
  const next = from?.commands.find((command) => command.name() === word);
  return next === undefined ? null : verbOf(next, more);
}

function unknownTopic(topic: string, program: Command | null): GitOpsError {
  const names = [...Object.keys(TOPICS), ...(program?.commands.map((command) => command.name()) ?? [])];
  const meant = nearestName(topic, names);
  return new GitOpsError('USAGE', `there is no help about "${topic}"`, {
    hint: meant === null ? 'see pm2-gitops help' : `did you mean ${meant}?`,
  });
}
