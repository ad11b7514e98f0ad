import { Argument, type Command } from 'commander';
import { bashScript } from '../completion/bash.js';
import { fishScript } from '../completion/fish.js';
import { outlineOf, type Outline } from '../completion/outline.js';
import { powershellScript } from '../completion/powershell.js';
import { zshScript } from '../completion/zsh.js';
import { EXIT } from '../exit.js';
import type { Session } from '../session.js';
import { Verb } from '../verb.js';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript, powershell: powershellScript } as const;

type Shell = keyof typeof SCRIPTS;

/** `completion SHELL`: a script that makes the shell complete verbs, options and names. */
export function completionVerb({ terminal }: Session, end: (code: number) => void): Verb {
  return new Verb('completion')
    .description('prints what makes a shell complete verbs, options, tags, channels and runs')
    .addArgument(new Argument('<shell>', 'for which shell').choices(Object.keys(SCRIPTS)))
    .example(
      'completion bash > ~/.local/share/bash-completion/completions/pm2-gitops',
      'bash, from the next shell on',
    )
    .example('completion zsh > "${fpath[1]}/_pm2-gitops"', 'zsh')
    .example('completion fish > ~/.config/fish/completions/pm2-gitops.fish', 'fish')
    .example('completion powershell | Out-String | Invoke-Expression', 'PowerShell: a line for $PROFILE')
    .action((shell: Shell, _options: object, { parent }: Command) => {
      terminal.data(scriptFor(shell, parent === null ? [] : outlineOf(parent)));
      end(EXIT.done);
    });
}

/** The script for a shell. */
export function scriptFor(shell: Shell, outlines: readonly Outline[]): string {
  return SCRIPTS[shell](outlines).trimEnd();
}
