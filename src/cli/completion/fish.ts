import type { KnownValue, Outline } from './outline.js';

/** The script for fish, 3.1 and newer. */
export function fishScript(outlines: readonly Outline[]): string {
  return `# fish completion of pm2-gitops, as "pm2-gitops completion fish" prints it.

# Whether these words, and no more, stand behind the command.
function __pm2_gitops_at
    set -l words (commandline -opc)
    set -e words[1]
    test "$words" = "$argv"
end

# Whether these words are the first behind the command.
function __pm2_gitops_below
    string match -q -- "$argv *" (commandline -opc | string join ' ' | string replace -r '^\\S+ ' '')' '
end

function __pm2_gitops_names
    set -l words (commandline -opc)
    set -e words[1]
    pm2-gitops complete $argv[1] -- $words 2>/dev/null
end

complete -c pm2-gitops -f
${outlines.flatMap(linesOf).join('\n')}
`;
}

function linesOf({ path, verbs, options, argument }: Outline): string[] {
  const below = `complete -c pm2-gitops -n '${path === '' ? '__pm2_gitops_at' : `__pm2_gitops_below ${path}`}'`;
  return [
    ...verbs.map(
      ({ name, description }) =>
        `complete -c pm2-gitops -n '__pm2_gitops_at${path === '' ? '' : ` ${path}`}' -a ${name} -d ${quoted(description)}`,
    ),
    ...options.map(
      ({ name, description, value }) =>
        `${below} -l ${name.slice(2)} -d ${quoted(description)}${value === null ? '' : ` -r ${offer(value)}`}`,
    ),
    ...(argument === null ? [] : [`${below} ${offer(argument)}`]),
  ];
}

function offer(value: KnownValue): string {
  switch (value.kind) {
    case 'words':
      return `-a '${value.words.join(' ')}'`;
    case 'names':
      return `-k -a '(__pm2_gitops_names ${value.of})'`;
    case 'files':
      return '-F';
    case 'folders':
      return "-a '(__fish_complete_directories)'";
    case 'anything':
      return '';
  }
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
