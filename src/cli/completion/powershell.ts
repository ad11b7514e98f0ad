import type { Described, KnownValue, Outline } from './outline.js';

/** The script for PowerShell, 5.1 (of Windows 10) and newer. Where it has nothing to offer, PowerShell offers files. */
export function powershellScript(outlines: readonly Outline[]): string {
  return `# PowerShell completion of pm2-gitops, as "pm2-gitops completion powershell" prints it.
Register-ArgumentCompleter -Native -CommandName 'pm2-gitops' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # What may stand somewhere: names with what they mean, or what the records are asked for.
    $known = @{
${outlines.flatMap(entriesOf).join('\n')}
    }
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.Extent.Text })
    $path = ''
    $last = ''
    foreach ($word in $words) {
        $longer = "$path $word".Trim()
        if ($known.ContainsKey("$($longer):options")) { $path = $longer }
        $last = $word
    }
    $key = "$($path):argument"
    if ($last.StartsWith('-') -and $known.ContainsKey("$($path):$last")) { $key = "$($path):$last" }
    elseif ($wordToComplete.StartsWith('-')) { $key = "$($path):options" }
    elseif ($known.ContainsKey("$($path):verbs")) { $key = "$($path):verbs" }
    $offers = $known[$key]
    if ($offers -is [string]) {
        $offers = @(& pm2-gitops complete $offers $words 2>$null | ForEach-Object { , @($_, $_) })
    }
    foreach ($offer in $offers) {
        if ($offer[0].StartsWith($wordToComplete)) {
            [System.Management.Automation.CompletionResult]::new($offer[0], $offer[0], 'ParameterValue', $offer[1])
        }
    }
}
`;
}

function entriesOf({ path, verbs, options, argument }: Outline): string[] {
  const entry = (what: string, offers: string): string => `        '${path}:${what}' = ${offers}`;
  return [
    ...(verbs.length > 0 ? [entry('verbs', list(verbs))] : []),
    entry('options', list(options)),
    ...options.flatMap(({ name, value }) => (value === null ? [] : [entry(name, offersOf(value))])),
    ...(argument === null ? [] : [entry('argument', offersOf(argument))]),
  ];
}

function offersOf(value: KnownValue): string {
  if (value.kind === 'words') return list(value.words.map((name) => ({ name, description: name })));
  return value.kind === 'names' ? quoted(value.of) : '@()';
}

function list(offers: readonly Described[]): string {
  const items = offers.map(({ name, description }) => `@(${quoted(name)}, ${quoted(description)})`);
  // A comma before the only item keeps it a list of lists.
  return `@(${items.length === 1 ? ', ' : ''}${items.join(', ')})`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
