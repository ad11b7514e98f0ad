import type { KnownOption, KnownValue, Outline } from './outline.js';

/** The script for zsh: to be sourced, or to lie in its `fpath` as `_pm2-gitops`. */
export function zshScript(outlines: readonly Outline[]): string {
  return `#compdef pm2-gitops
# zsh completion of pm2-gitops, as "pm2-gitops completion zsh" prints it.

_pm2-gitops-names() {
  local -a names
  names=(\${(f)"$(pm2-gitops complete $1 -- $words[2,-1] 2>/dev/null)"})
  compadd -V names -a names
}

${outlines.map(functionOf).join('\n\n')}

if [[ $funcstack[1] == _pm2-gitops ]]; then
  _pm2-gitops "$@"
else
  compdef _pm2-gitops pm2-gitops
fi
`;
}

function functionOf({ path, verbs, options, argument }: Outline): string {
  const name = ['_pm2-gitops', ...path.split(' ')].filter((part) => part !== '').join('-');
  const specs = [
    ...options.map(optionSpec),
    ...(verbs.length > 0
      ? ["'1: :->verb'", "'*:: :->below'"]
      : argument === null
        ? []
        : [quoted(`*:${escaped(argument.called)}:${actionOf(argument)}`)]),
  ];
  const lines = [
    'local context state state_descr line',
    'typeset -A opt_args',
    `_arguments -C ${specs.join(' \\\n    ')}`,
  ];
  return [
    `${name}() {`,
    ...[...lines, ...(verbs.length > 0 ? turns(name, verbs) : [])].map((l) => `  ${l}`),
    '}',
  ].join('\n');
}

/** How the words behind a verb come to its own function. */
function turns(name: string, verbs: Outline['verbs']): string[] {
  return [
    'case $state in',
    '  verb)',
    '    local -a verbs',
    `    verbs=(${verbs.map(({ name: verb, description }) => quoted(`${verb}:${description}`)).join(' ')})`,
    '    _describe verb verbs',
    '    ;;',
    `  below) (( $+functions[${name}-$line[1]] )) && ${name}-$line[1] ;;`,
    'esac',
  ];
}

function optionSpec({ name, description, value }: KnownOption): string {
  const told = `${name}[${escaped(description)}]`;
  return quoted(value === null ? told : `${told}:${escaped(value.called)}:${actionOf(value)}`);
}

function actionOf(value: KnownValue): string {
  switch (value.kind) {
    case 'words':
      return `(${value.words.join(' ')})`;
    case 'names':
      return ` _pm2-gitops-names ${value.of}`;
    case 'files':
      return '_files';
    case 'folders':
      return '_files -/';
    case 'anything':
      return ' ';
  }
}

/** Brackets and colons have a meaning of their own in what `_arguments` takes. */
function escaped(text: string): string {
  return text.replace(/[\\[\]:]/g, '\\$&');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
