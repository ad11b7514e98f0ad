import { MACHINE_MEANINGS } from './meanings.js';

const SPAN = '(Checked beyond: that it is a span with its unit.)';
const TAG = '(Checked beyond: that it ends with a version.)';

/** What may be said of all machines, and of those of a group. */
const RULES: Readonly<Record<string, string>> = {
  channel:
    'The name of one of channels, or a channel by its form: stable, beta, 1.x, v1.4.2, branch:NAME, ref:NAME. (Checked beyond: that it is one of these.)',
  pin: 'The tag that the machines go to and stay on, downgrades included.',
  hold: 'true: nothing changes. Or an object that says why and until when.',
  'hold.reason': 'What people are told.',
  'hold.until': 'A date, which counts to its end, or a moment. (Checked beyond: that, and that it exists.)',
  timezone:
    "The IANA time zone of the times beside it. Default: that of all machines, then each machine's own. (Checked beyond: that it exists.)",
  ...Object.fromEntries(
    Object.entries(MACHINE_MEANINGS).filter(([key]) =>
      /^(window|freeze)(\.|$)|^wave\.(lead|over|steps)$/.test(key),
    ),
  ),
  soak: `How long a release must have been out, such as 48h. ${SPAN}`,
  wave: 'How a release reaches the machines bit by bit. (Checked beyond: exactly one of over and steps.)',
  major: 'manual: a new major version waits for approved, or for pm2-gitops approve at the machine.',
  approval: 'required: every release waits for approved, or for pm2-gitops approve at the machine.',
};

/** What each key of `fleet.json` means; `*` stands for any name. */
export const FLEET_MEANINGS: Readonly<Record<string, string>> = {
  $schema: 'Where this schema lies; for editors.',
  version: 'Grows with each change: no machine follows a lower one than it has read.',
  expires:
    'From then on every machine holds, until it reads a newer version. A date counts to its end. (Checked beyond: that it exists.)',
  ...RULES,
  channels: 'Channels by their names, for channel here and in gitops.json.',
  'channels.*.follow':
    'What it follows, by its form: stable, beta, 1.x, branch:NAME … (Checked beyond: that it is one of these.)',
  'channels.*.soak': `How long a release must have been out. ${SPAN}`,
  'channels.*.wave': RULES['wave'] ?? '',
  ...Object.fromEntries(
    ['lead', 'over', 'steps'].map((key) => [`channels.*.wave.${key}`, RULES[`wave.${key}`] ?? '']),
  ),
  'channels.*.after': 'Only what another channel has rolled out whole is taken.',
  'channels.*.after.channel': 'The name of that channel. (Checked beyond: that there is one, and no circle.)',
  'channels.*.after.for': `For how long it must have it. ${SPAN}`,
  groups: 'Machines of which the same is said. A machine belongs to the first group that names it.',
  'groups.name': 'What people are told. (Checked beyond: that no other has it.)',
  'groups.match': 'Which machines: those with one of ids, or with a name of names, or with all of labels.',
  'groups.match.ids': 'Ids of machines, as status --json tells them.',
  'groups.match.names': 'Names of machines; * stands for any characters, ? for one.',
  'groups.match.labels': 'Labels of gitops.json; all of them.',
  ...Object.fromEntries(Object.entries(RULES).map(([key, meaning]) => [`groups.${key}`, meaning])),
  'groups.canary':
    'true: these machines take a release at once, before its wave. false: they do not, whatever their own files say.',
  tombstones: 'Releases that are withdrawn: no machine goes there, whoever asks.',
  'tombstones.tag': `The tag. ${TAG}`,
  'tombstones.reason': 'What people are told.',
  barriers: `Tags that a machine must have run before it goes higher. ${TAG}`,
  approved: `Tags that may come to all machines where major or approval wait for a word. ${TAG}`,
  machines: 'The machines that there are: for rollout, policy check and the simulator alone.',
  'machines.id': 'The id, as status --json tells it. (Checked beyond: that it stands here once.)',
  'machines.name': 'The name. Default: the id.',
  'machines.labels': 'The labels.',
};
