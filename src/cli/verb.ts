import { Command } from 'commander';
import { GitOpsError } from '../domain/errors.js';

/** A line to type. */
export interface Example {
  /** What stands after `pm2-gitops`. */
  readonly args: string;
  readonly does: string;
}

/** A verb, or a group of them: with examples, and with mistakes that are told as all others are. */
export class Verb extends Command {
  readonly examples: Example[] = [];

  /** Adds an example: what stands after `pm2-gitops`, and what it does. */
  example(args: string, does: string): this {
    this.examples.push({ args, does });
    return this;
  }

  /** What was typed so that it means this verb: `pm2-gitops policy check`. */
  get line(): string {
    return this.parent instanceof Verb ? `${this.parent.line} ${this.name()}` : this.name();
  }

  /** Commander's refusal of what was typed. Throws `USAGE`. */
  override error(message: string): never {
    const [refusal = '', ...meant] = message.replace(/^error: /, '').split('\n');
    // Its guesses stand in brackets, one on a line: (Did you mean status?)
    const guesses = meant.map((guess) => guess.replace(/^\(D(.*)\)$/, 'd$1'));
    throw new GitOpsError('USAGE', refusal, { hint: guesses.at(0) ?? `see ${this.line} --help` });
  }
}

/** A command and all those below it. */
export function withAllBelow(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withAllBelow)];
}
