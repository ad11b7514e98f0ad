/** Every check of `doctor`, in the order in which they are told: what it means when it does not pass, and whether `--fix` may mend it. */
export const CHECKS = {
  'machine.node': { means: 'the Node.js of this process is older than pm2-gitops needs', fix: false },
  'machine.git': { means: 'there is no git in PATH, or one older than 2.28', fix: false },
  'machine.locks': { means: 'the platform has no kernel-held file locks', fix: false },
  'machine.ps': { means: 'there is no `ps` in PATH: each restart by pm2 starts an app twice', fix: false },
  'machine.disk': {
    means: 'the disk is read-only, or has too little room for a release: bytes, or files',
    fix: false,
  },
  'machine.clock': {
    means: "the clock is wrong by the source's, was set back, or nothing keeps it right",
    fix: false,
  },

  'source.source': { means: 'the source cannot be reached, or refuses', fix: false },
  'source.way': { means: 'who asks it: the poller itself, or git', fix: false },
  'source.credentials': { means: 'the source refuses the credentials', fix: false },
  'source.repository': { means: 'the repository has moved for good', fix: false },
  'source.channel': { means: 'the channel picks no release', fix: false },
  'source.tags': { means: 'a version tag has moved; it is not followed', fix: false },
  'source.poll': { means: 'this machine, or its fleet, asks the source too often', fix: false },
  'source.github': { means: 'GitHub does not let this machine in, or its questions run out', fix: false },
  'source.github-token': { means: 'the token ends soon, may too much, or too little', fix: false },
  'source.github-checks': { means: 'the checks of the release to come are not green', fix: false },
  'source.github-latest': { means: 'GitHub calls no release the latest', fix: false },
  'source.github-deployments': { means: 'GitHub was told of no deployment yet', fix: false },

  'trust.signatures': {
    means: 'signers, revocations or keys cannot be read, or the tools that judge by them are missing',
    fix: false,
  },
  'trust.active': { means: 'what serves was not verified by the files that are here now', fix: false },
  'trust.desired': {
    means: 'the release that the channel picks is not signed as this machine asks',
    fix: false,
  },

  'pm2.pm2': { means: "no pm2 daemon answers, or another user's", fix: false },
  'pm2.user': { means: 'doctor runs as another user than the root belongs to', fix: false },
  'pm2.version': { means: 'the pm2 in PATH is another version than the daemon', fix: false },
  'pm2.other-daemons': { means: 'another pm2 daemon runs processes of this root, too', fix: false },
  'pm2.saved-list': { means: 'what pm2 would start after a reboot is not what it runs now', fix: true },
  'pm2.saved-secrets': {
    means: "others may read dump.pm2, which holds the secrets of the apps' environments",
    fix: false,
  },
  'pm2.startup': { means: 'nothing starts pm2 after a reboot', fix: false },
  'pm2.kill-mode': { means: "`systemctl restart` of pm2's unit ends a worker at work, too", fix: false },

  'apps.apps': { means: 'no process of pm2 belongs to the root', fix: false },
  'apps.pinned': { means: 'pm2 holds an app on one release folder', fix: false },
  'apps.treekill-changed': {
    means:
      '`treekill` was switched off while an app ran: pm2 waits for dead processes, and may kill a stranger',
    fix: false,
  },
  'apps.wrapper': {
    means:
      'a shell or npm stands between pm2 and an app with `treekill: false`: the app outlives its restart',
    fix: false,
  },
  'apps.watch': {
    means: 'pm2 watches files of an app, and restarts it by itself at each switch',
    fix: false,
  },
  'apps.restarts': {
    means: 'pm2 is told not to restart an app: one that ends by itself never proves healthy',
    fix: false,
  },
  'apps.env-options': {
    means: "a variable of an app's environment has the name of a pm2 option, and changes it",
    fix: false,
  },
  'apps.wait-ready': { means: 'a cluster app is not waited for: requests fail at each reload', fix: false },
  'apps.engines': {
    means: "a release's `engines.node` does not fit the Node.js of pm2 or of the agent",
    fix: false,
  },
  'apps.drift': { means: 'what serves is not as it was left', fix: false },
  'apps.children': { means: 'former lives of the apps left processes behind', fix: false },

  'root.records': {
    means: "a record of the root cannot be read, was put aside, or is a newer version's",
    fix: false,
  },
  'root.privacy': {
    means: 'other users may have this machine do what they want, or read its secrets',
    fix: false,
  },
  'root.state-rights': { means: 'other users may look into the state folder', fix: true },
  'root.leftovers': { means: 'a killed worker left files behind', fix: true },
  'root.git-locks': { means: 'a killed git left locks behind', fix: true },
  'root.ownership': {
    means: 'git finds the ownership of the checkout dubious: builds and hooks that ask git fail',
    fix: false,
  },
  'root.checkout': {
    means: 'releases have submodules, files in LFS, or a shallow history, which are not brought',
    fix: false,
  },
  'root.exclude': { means: "what is ours shows in the checkout's `git status`", fix: true },
  'root.notices': { means: 'somebody who is to hear of this machine cannot be told', fix: false },

  'policy.policy': { means: "the fleet's policy cannot be followed", fix: false },
  'policy.hold': { means: 'a hold without an end has stood for long', fix: false },
  'policy.pin': { means: 'a pin without an end has stood for long, or is written as a channel', fix: false },
} as const;

/** The name of a check, for good: group, dot, name. */
export type CheckId = keyof typeof CHECKS;

/** What a check is about: machine, source, trust, pm2, apps, root, policy. */
export function groupOf(id: CheckId): string {
  return id.slice(0, id.indexOf('.'));
}

/** The name of a check within its group. */
export function nameOf(id: CheckId): string {
  return id.slice(id.indexOf('.') + 1);
}

/** Where a check stands among all. */
export function placeOf(id: CheckId): number {
  return Object.keys(CHECKS).indexOf(id);
}
