import type { KnownValue, Outline } from './outline.js';

/** The script for bash, 3.2 and newer. */
export function bashScript(outlines: readonly Outline[]): string {
  return HEAD + outlines.flatMap(casesOf).join('\n') + WALK;
}

const HEAD = `# bash completion of pm2-gitops, as "pm2-gitops completion bash" prints it.

# What may stand somewhere, a line each, into REPLY.
_pm2_gitops_known() {
  REPLY=''
  case $1 in
`;

const WALK = `
    *) return 1 ;;
  esac
}

_pm2_gitops() {
  # Readline splits words at = : and @, which stand in tags, channels and options: the line is read anew.
  local line=\${COMP_LINE:0:COMP_POINT} path='' last='' current='' word typed tail REPLY
  local -a words
  read -ra words <<<"$line"
  if [[ $line != *[[:space:]] ]]; then
    current=\${words[\${#words[@]}-1]}
    unset "words[\${#words[@]}-1]"
  fi
  for word in "\${words[@]:1}"; do
    if _pm2_gitops_known "\${path:+$path }$word:options"; then path=\${path:+$path }$word; fi
    last=$word
  done
  typed=$current
  if [[ $current == --*=* ]]; then
    last=\${current%%=*}
    typed=\${current#*=}
  fi
  if [[ $last == -* ]] && _pm2_gitops_known "$path:$last"; then :
  elif [[ $typed == -* ]]; then _pm2_gitops_known "$path:options"
  else _pm2_gitops_known "$path:verbs" || _pm2_gitops_known "$path:argument"
  fi
  # What readline replaces begins behind the last of its breaks.
  local breaks=\${COMP_WORDBREAKS//[^=:@]/}
  tail=$typed
  if [[ -n $breaks ]]; then tail=\${typed##*[$breaks]}; fi
  COMPREPLY=()
  while IFS= read -r word; do
    if [[ -n $word && $word == "$typed"* ]]; then COMPREPLY+=("\${word#"\${typed%"$tail"}"}"); fi
  done <<<"$REPLY"
}

complete -F _pm2_gitops pm2-gitops
`;

function casesOf({ path, verbs, options, argument }: Outline): string[] {
  const offer = (what: string, value: string): string => `    '${path}:${what}') ${value} ;;`;
  return [
    ...(verbs.length > 0 ? [offer('verbs', reply(verbs.map(({ name }) => name)))] : []),
    offer('options', reply(options.map(({ name }) => name))),
    ...options.flatMap(({ name, value }) => (value === null ? [] : [offer(name, replyWith(value))])),
    ...(argument === null ? [] : [offer('argument', replyWith(argument))]),
  ];
}

function replyWith(value: KnownValue): string {
  switch (value.kind) {
    case 'words':
      return reply(value.words);
    case 'names':
      return `REPLY=$(pm2-gitops complete ${value.of} -- "\${words[@]:1}" 2>/dev/null)`;
    case 'files':
      return paths('-f');
    case 'folders':
      return paths('-d');
    case 'anything':
      return ':';
  }
}

function reply(words: readonly string[]): string {
  return `REPLY=$'${words.join('\\n')}'`;
}

// Has readline quote what is no plain name, and end a folder with a slash; bash 3.2 has no compopt.
function paths(kind: string): string {
  return `REPLY=$(compgen ${kind} -- "$typed"); compopt -o filenames 2>/dev/null || :`;
}
