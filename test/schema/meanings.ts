/** What each key of `gitops.json` means, as an editor shows it. What only the program checks is said in brackets. */
export const MACHINE_MEANINGS: Readonly<Record<string, string>> = {
  $schema: 'Where this schema lies; for editors.',
  repository:
    'Where releases come from: a URL or a path for git. (Checked beyond: no leading "-", no password.)',
  channel:
    'Which release the machine follows: stable, a prerelease id such as beta, latest (with github), a range such as 1.x, a tag, branch:NAME or ref:NAME. (Checked beyond: that it is one of these.)',
  strategy:
    'How files change over: releases (a folder for each release) or checkout (an adopted checkout). Default: checkout where the root holds .git, else releases.',
  poll: 'When to look at the source: a span of at least 10s, such as 5m, or a cron expression. (Checked beyond: that it is one of these.)',
  timezone:
    "The IANA time zone of poll, window and freeze, and of moments in output. Default: the machine's. (Checked beyond: that it exists.)",
  tagPrefix: 'What stands before the version in the tags of this application, such as api@ in a monorepo.',
  credentials:
    'Where the secret for an http(s) repository is, never the secret itself. (Checked beyond: exactly one of env and file.)',
  'credentials.username': 'The user name that goes with the secret.',
  'credentials.env': 'The name of an environment variable of the poller that holds the secret.',
  'credentials.file': 'The path of a file that holds the secret.',
  policy:
    "Where the fleet's policy lies, which tells this machine what to follow and when it may change. It is only read.",
  'policy.repository':
    'The repository. Default: the application\'s own. (Checked beyond: no leading "-", no password.)',
  'policy.ref': 'A branch, or the full name of a ref, refs/…. (Checked beyond: that it can be one.)',
  'policy.path': 'The file in it. (Checked beyond: relative, without "..".)',
  'policy.credentials':
    "Where its secret is, as in credentials. Default: the application's, where the repository is its own. (Checked beyond: exactly one of env and file.)",
  'policy.credentials.username': 'The user name that goes with the secret.',
  'policy.credentials.env': 'The name of an environment variable of the poller that holds the secret.',
  'policy.credentials.file': 'The path of a file that holds the secret.',
  'policy.verify':
    'required: only a policy whose commit is signed is followed, by whom is said in verify. Default: off.',
  verify:
    'What is asked of the signatures of releases: off, ifPresent or required; or an object that also names the files by which they are judged.',
  'verify.mode':
    'off: nothing is asked. ifPresent: what is not signed passes, a signature that is there must hold. required: what is not signed is not let in.',
  'verify.signers':
    'Who may sign by SSH: a file in the form of allowed signers (ssh-keygen). Relative to the root. Default: gitops.signers.',
  'verify.revoked':
    'SSH keys that count no more: a file of public keys, or a KRL of ssh-keygen. It must be there.',
  'verify.keyring': 'Who may sign by GPG: a file of public keys, as gpg --export writes them.',
  'verify.repository':
    'What the message of a signed tag has to say in a line of its own, Repository: …, so that a tag of another project does not count. (Checked beyond: no space.)',
  apps: 'Names of the pm2 apps that belong to the root. Default: those whose folder or script lies in it.',
  keep: 'How many releases stay on disk, the active and the previous one included.',
  dirty:
    'What to do with local edits in an adopted checkout when a release is activated: refuse, or stash them.',
  drift:
    'What to do with what is no longer as pm2-gitops left it: repair it, or only report it. What somebody wrote is never repaired unasked.',
  metrics: 'Where programs read how the machine is: at an address, in a file, or both. Default: nowhere.',
  'metrics.listen':
    'An address of this machine alone, such as 127.0.0.1:9464, at which /metrics, /status and /healthz are answered. (Checked beyond: loopback, with a port.)',
  'metrics.file':
    "A file for the textfile collector of Prometheus' node_exporter. (Checked beyond: an absolute path that ends with .prom.)",
  log: 'How pm2-gitops run tells what happens.',
  'log.format': 'pretty: lines for people. json: an object in each line.',
  'log.level': 'The least that is told: debug, info, warn or error.',
  'log.file': 'A file instead of the standard output. Relative to the root.',
  'log.maxSize':
    'The size from which on the file makes way for a new one, such as 10MB. (Checked beyond: from 100KB to 1GB.)',
  'log.keep': 'How many files there are at most, the one that is written included.',
  name: "The machine's name in output. Default: its host name.",
  labels: 'What groups of a policy for the fleet may ask for.',
  window:
    'When the machine may change, or with deny when not: one window or a list. Days, from and to, or a cron and for how long. (Checked beyond: exactly one of these.)',
  'window.days': 'Days: mon, mon-fri, sat,sun, or a list of such. Default: every day.',
  'window.from': 'When it opens, such as 22:00. Default: at the beginning of the day.',
  'window.to':
    'When it closes, such as 04:00; at or before from it is of the following day. Default: at the end of the day.',
  'window.cron': 'When it opens: five fields of a cron. (Checked beyond: that it is one.)',
  'window.for':
    'For how long it is open from each match of cron, such as 3h; at least 10s, at most 7d. (Checked beyond: that.)',
  'window.deny': 'true: nothing is activated in this window, whatever the others say.',
  freeze: 'From when to when nothing is activated: one freeze or a list.',
  'freeze.from':
    'A date, 2026-12-20, or a moment, 2026-12-20T18:00. (Checked beyond: that, and that it exists.)',
  'freeze.to': 'The same; a date includes that day. (Checked beyond: that it comes after from.)',
  'freeze.reason': 'What people are told.',
  soak: 'How long a release must have been out, such as 48h. (Checked beyond: that it is a span with its unit.)',
  wave: 'How a release reaches the machines bit by bit. (Checked beyond: exactly one of over and steps.)',
  'wave.canary': 'This machine takes a release at once, before its wave.',
  'wave.lead': 'How long canaries have it alone, such as 2h.',
  'wave.over': 'For how long it reaches one machine after the other, such as 24h.',
  'wave.steps':
    'Spans since the lead is over, each with the percent of the machines that have their turn then. (Checked beyond: both grow.)',
  major: 'auto: a new major version comes like any other. manual: it waits for pm2-gitops approve.',
  approval: 'required: every release waits for pm2-gitops approve.',
  github:
    'How GitHub is asked beside git: true, or an object of these. (Checked beyond: that owner and name are known.)',
  'github.api':
    'The address of its API. Default: that of the host of the repository. (Checked beyond: https, or http to this machine.)',
  'github.repository': 'owner/name. Default: as the repository says.',
  'github.token':
    'Where the token is, never the token itself. Default: as credentials, for the same host. (Checked beyond: exactly one of env and file, and no app beside it.)',
  'github.token.env': 'The name of an environment variable of the poller that holds the token.',
  'github.token.file': 'The path of a file that holds the token.',
  'github.app': 'Instead of a token: an installation of a GitHub App.',
  'github.app.id': 'The id of the app, or its client id.',
  'github.app.installation': 'The number of the installation.',
  'github.app.keyFile': 'The path of the private key of the app.',
  'github.checks':
    'Which checks of a commit must be green before it is taken: true for all there are, at least one; or their names.',
  'github.deployments': "Whether the repository's page shows what this machine runs; true, or an object.",
  'github.deployments.environment': "The name of the environment there. Default: the machine's name.",
  notify: 'Who is told what becomes of this machine: sinks by their names.',
  'notify.*.type':
    "What it is. An uptimeKuma is a dead man's switch: it hears how it is with each turn, and no notices.",
  'notify.*.url':
    'Where its address is, never the address itself: who knows it may write there. (Checked beyond: exactly one of env and file.)',
  'notify.*.url.env': 'The name of an environment variable of the poller that holds the address.',
  'notify.*.url.file': 'The path of a file that holds the address.',
  'notify.*.secret':
    'Where the secret is with which messages are signed. (Checked beyond: exactly one of env and file.)',
  'notify.*.secret.env': 'The name of an environment variable of the poller that holds the secret.',
  'notify.*.secret.file': 'The path of a file that holds the secret.',
  'notify.*.token': 'Where the token of the bot is. (Checked beyond: exactly one of env and file.)',
  'notify.*.token.env': 'The name of an environment variable of the poller that holds the token.',
  'notify.*.token.file': 'The path of a file that holds the token.',
  'notify.*.chat': 'The id of the chat, or @ and the name of a channel.',
  'notify.*.topic': 'The id of a topic of a forum.',
  'notify.*.api': 'The address of the API, where it is not that of Telegram.',
  'notify.*.command':
    'A shell command that hears a notice as one line of JSON on its standard input, and GITOPS_EVENT, GITOPS_TAG and others.',
  'notify.*.level': 'From which level on it is told: info (all), warning or problem.',
  'notify.*.events': 'Which events it is told of. Default: all.',
};

const SPAN = 'A span such as 500ms, 2s, 5m, 1h or 2d, or a number of milliseconds. (Checked beyond: that.)';

/** The same for the `gitops` key of a release. */
export const RELEASE_MEANINGS: Readonly<Record<string, string>> = {
  install: 'How dependencies are installed: auto (by lockfile), a shell command, or false for not at all.',
  build: 'A shell command that builds the release, or null.',
  shared:
    'Paths that all releases share. (Checked beyond: relative, inside the release, without "..", not .git, .pm2-gitops or node_modules.)',
  apps: "Names of the release's pm2 apps. The machine's own apps come first. Default: by folder.",
  restart: 'How processes change over; a text stands for { mode }.',
  'restart.mode':
    'restart: end and start each process. auto and reload: cluster processes are reloaded one by one, fork processes restarted.',
  'restart.first': 'How many processes must prove the release before the others are touched.',
  'restart.batch': 'How many processes restart at once after that; null: all the rest.',
  health: 'What proves a process.',
  'health.url': 'Must answer, by itself with 2xx or 3xx.',
  'health.expect':
    'What a healthy answer is like. In texts, {tag} and {commit} stand for those of the release. (Checked beyond: there is a url.)',
  'health.expect.status': 'The status; null: 2xx or 3xx.',
  'health.expect.body': 'A text that the body holds.',
  'health.expect.header': 'Names of headers, each with a text that it holds.',
  'health.command': 'A shell command that must end with 0.',
  'health.settle': `How long a new process must live before it counts. ${SPAN}`,
  'health.timeout': `How long the probes may take to turn healthy. ${SPAN}`,
  hooks: 'Shell commands at fixed points of a run.',
  'hooks.afterStage': 'After install and build, in the staged tree.',
  'hooks.beforeActivate': 'Just before the root is switched, in the staged tree.',
  'hooks.afterActivate':
    'After all processes are healthy, in the live tree; its no makes the release unhealthy.',
  'hooks.afterRollBack': 'After the former release serves again, in its tree.',
  rollback:
    'auto: an unhealthy release is taken back. never: it stays where it is, and the run counts as failed.',
  children:
    'What becomes of processes that an app left behind: report them, or reap (end) them. On Linux only.',
  timeouts: 'Limits of the steps, by the clock on the wall.',
  'timeouts.install': `Of the install. ${SPAN}`,
  'timeouts.build': `Of the build. ${SPAN}`,
  'timeouts.hook': `Of each hook. ${SPAN}`,
};
