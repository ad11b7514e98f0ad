import { sep } from 'node:path';
import { Option } from 'commander';
import { initiate, type Initiated } from '../../agent/init.js';
import { rememberRoot } from '../../agent/known-roots.js';
import type { Strategy } from '../../config/machine.js';
import { SIGNERS_FILE } from '../../config/verify.js';
import { plainLine } from '../../domain/plain.js';
import { describeRelease } from '../../domain/release.js';
import { EXIT } from '../exit.js';
import { releaseJson } from '../json.js';
import { verb, type CommonOptions, type Session } from '../session.js';
import type { Verb } from '../verb.js';
import { alignRows, type Screen } from '../terminal.js';

interface InitOptions extends CommonOptions {
  readonly channel: string;
  readonly strategy?: Strategy;
  readonly yes?: boolean;
}

/** `init [REPOSITORY]`: makes a root, or adopts the checkout it stands in. */
export function initVerb({ terminal, signal }: Session, end: (code: number) => void): Verb {
  return verb('init', 'makes a root of an empty folder, or adopts the checkout it stands in')
    .argument('[repository]', "where releases come from (in a checkout: its remote's)")
    .option('--channel <channel>', 'what to follow', 'stable')
    .addOption(new Option('--strategy <strategy>', 'how files change over').choices(['releases', 'checkout']))
    .option('--json', 'for programs')
    .example('init https://github.com/acme/shop.git', 'makes this empty folder a root')
    .example('init', 'adopts the checkout that this is')
    .example('init --channel beta --strategy checkout', 'with other than the usual')
    .option('--yes', 'ask nothing (it never asks: for scripts that say so anyway)')
    .action(async (repository: string | undefined, options: InitOptions) => {
      const { channel, strategy = null, root: folder = process.cwd() } = options;
      const made = await initiate({ folder, repository: repository ?? null, channel, strategy }, signal);
      await rememberRoot(made.root.layout.root);
      terminal.tell(initJson(made), render(made, terminal));
      end(EXIT.done);
    });
}

function initJson(made: Initiated): object {
  const { root, adopted, choice, manager, apps, checkout } = made;
  const { config, layout, machine } = root;
  return {
    ...{ schema: 1, root: layout.root, repository: config.repository, strategy: config.strategy },
    ...{ channel: config.channelText, machine: { id: machine.id } },
    desired: choice.found ? releaseJson(choice.release) : null,
    active: adopted === null ? null : releaseJson(adopted),
    ...{ branch: checkout?.branch ?? null, packageManager: manager, apps, warnings: warnings(made) },
  };
}

function render(made: Initiated, { colors, columns }: Screen): string {
  const { root, checkout, adopted, choice, manager, apps } = made;
  const { config, layout, machine } = root;
  const rows = [
    ['root', layout.root],
    ['repository', config.repository],
    ['strategy', config.strategy],
    [
      'channel',
      `${config.channelText}  ${choice.found ? `picks ${describeRelease(choice.release)}` : choice.detail}`,
    ],
    ['machine', machine.id],
    ...(adopted === null
      ? []
      : [
          [
            'active',
            `${describeRelease(adopted)}${checkout?.branch == null ? '' : `, on branch ${checkout.branch}`}`,
          ],
        ]),
    ...(manager === null ? [] : [['packages', manager]]),
    [
      'apps',
      apps === null ? 'pm2 does not answer' : apps.length === 0 ? 'none run from here yet' : apps.join(', '),
    ],
  ];
  const table = alignRows(
    rows.map(([label, value]) => [colors.dim(label ?? ''), plainLine(value ?? '')]),
    { columns },
  );
  return [
    table,
    ...warnings(made).map((text) => `${colors.yellow('!')} ${plainLine(text)}`),
    ...advice(made),
    nextSteps(made, { colors, columns }),
  ].join('\n\n');
}

function warnings({ checkout, root }: Initiated): string[] {
  const edits = checkout?.edits ?? [];
  if (edits.length === 0) return [];
  const mend =
    root.config.dirty === 'refuse'
      ? 'commit or revert them before the next release, or set "dirty": "stash"'
      : 'they will be stashed';
  return [`edited here: ${edits.slice(0, 10).join(', ')}; ${mend}`];
}

/** What to write so that nothing comes that is not signed, where the operators sign already. */
function advice({ signed, root: { layout } }: Initiated): string[] {
  if (signed === null) return [];
  const first = 'The newest tags are signed. To let nothing else in:';
  const lines =
    signed === 'ssh'
      ? [
          `a line for each key in ${layout.root}${sep}${SIGNERS_FILE}: ops@example.com namespaces="git" ssh-ed25519 AAAA…`,
          `"verify": "required" in ${layout.config}`,
        ]
      : [
          `gpg --armor --export ops@example.com > ${layout.root}${sep}keyring.asc`,
          `"verify": { "mode": "required", "keyring": "keyring.asc" } in ${layout.config}`,
        ];
  return [[first, ...lines.map((line) => `  ${plainLine(line)}`)].join('\n')];
}

function nextSteps({ root }: Initiated, { colors, columns }: Screen): string {
  const first =
    root.config.strategy === 'releases'
      ? 'brings the first release and starts its apps'
      : 'brings the desired release now';
  return alignRows(
    [
      [colors.bold('pm2-gitops apply'), first],
      [
        colors.bold('pm2-gitops run'),
        'polls from now on; under pm2: pm2 start "$(npm root -g)/pm2-gitops/ecosystem.config.cjs"',
      ],
      [colors.bold('pm2-gitops doctor'), 'checks this machine'],
    ],
    { columns },
  );
}
