import { hold, pin, pinRelease, resume, retry, unpin } from '../../agent/orders.js';
import { previousRelease } from '../../agent/records.js';
import { setChannel } from '../../agent/set-channel.js';
import { rulesHere } from '../../agent/show-policy.js';
import { channelWarnings, pinWarnings, resumeWarnings } from '../../domain/order-warnings.js';
import { plainLine } from '../../domain/plain.js';
import { describeRelease } from '../../domain/release.js';
import { bringNow } from '../bring.js';
import { EXIT } from '../exit.js';
import { iso, releaseJson } from '../json.js';
import { momentsOf } from '../moment.js';
import { openNamedRoot, parseUntil, verb, type CommonOptions, type Session } from '../session.js';
import type { Verb } from '../verb.js';

type End = (code: number) => void;

interface UntilOptions extends CommonOptions {
  readonly until?: string;
  readonly reason?: string;
}

/** `pin TAG`: holds this machine on a release. */
export function pinVerb({ terminal, signal }: Session, end: End): Verb {
  return verb('pin', 'holds this machine on one release, downgrades included')
    .argument('<tag>', 'a tag of the repository')
    .option('--until <when>', 'a span such as 2h, or a moment such as 2026-12-24T18:00')
    .option('--json', 'for programs')
    .example('pin v1.4.2', 'stays on v1.4.2 until unpin')
    .example('pin v1.4.2 --until 3d', 'follows the channel again in three days')
    .action(async (tag: string, options: UntilOptions) => {
      const root = await openNamedRoot(options);
      const until = options.until === undefined ? null : parseUntil(options.until, root);
      const release = await pin(root, { tag, until }, signal);
      const how = until === null ? '' : ` until ${momentsOf(root)(until)}`;
      const warnings = pinWarnings(await rulesHere(root), release, root.config.tagPrefix);
      const said = `pinned on ${describeRelease(release)}${how}; the next poll brings it, pm2-gitops apply now`;
      terminal.tell(
        { schema: 1, pin: { ...releaseJson(release), until: iso(until) }, warnings },
        plainLine(said),
      );
      warnings.forEach(terminal.caution);
      end(EXIT.done);
    });
}

/** `unpin`: follows the channel again. */
export function unpinVerb({ terminal }: Session, end: End): Verb {
  return verb('unpin', 'follows the channel again')
    .option('--json', 'for programs')
    .example('unpin', 'ends what pin and rollback began')
    .action(async (options: CommonOptions) => {
      const root = await openNamedRoot(options);
      const was = await unpin(root);
      const { channelText: channel } = root.config;
      const warnings = channelWarnings(await rulesHere(root), channel);
      terminal.tell(
        { schema: 1, was: was === null ? null : releaseJson(was), channel, warnings },
        was === null
          ? 'it was not pinned'
          : plainLine(`unpinned from ${describeRelease(was)}; it follows the channel ${channel}`),
      );
      warnings.forEach(terminal.caution);
      end(EXIT.done);
    });
}

/** `channel [NAME]`: shows or sets the channel. */
export function channelVerb({ terminal, signal }: Session, end: End): Verb {
  return verb('channel', 'shows or sets the channel')
    .argument('[name]', 'stable, beta, 1.x, v1.4.2, branch:main, ref:release/stable')
    .option('--json', 'for programs')
    .example('channel', 'what is followed')
    .example('channel beta', 'follows prereleases from beta on')
    .example('channel 1.x', 'stays below 2.0.0')
    .action(async (name: string | undefined, options: CommonOptions) => {
      const root = await openNamedRoot(options);
      const written = name?.trim() ?? root.config.channelText;
      const release = name === undefined ? null : await setChannel(root, written, signal);
      const rules = await rulesHere({ ...root, config: { ...root.config, channelText: written } });
      const warnings = channelWarnings(rules, written);
      const picks = release === null ? 'no release fits it yet' : `it picks ${describeRelease(release)} now`;
      terminal.tell(
        { schema: 1, channel: written, inForce: rules.channelText, warnings },
        plainLine(name === undefined ? written : `channel ${written}: ${picks}`),
      );
      warnings.forEach(terminal.caution);
      end(EXIT.done);
    });
}

/** `hold`: stops all changes. */
export function holdVerb({ terminal }: Session, end: End): Verb {
  return verb('hold', 'stops all changes on this machine')
    .option('--reason <text>', 'why, for whoever looks next')
    .option('--until <when>', 'a span such as 2h, or a moment such as 2026-12-24T18:00')
    .option('--json', 'for programs')
    .example('hold --reason "black friday" --until 2026-11-30', 'nothing changes until that day is over')
    .action(async (options: UntilOptions) => {
      const root = await openNamedRoot(options);
      const until = options.until === undefined ? null : parseUntil(options.until, root);
      const { reason = null } = options;
      await hold(root, { reason, until });
      terminal.tell(
        { schema: 1, hold: { reason, until: iso(until) } },
        `held${until === null ? '' : ` until ${momentsOf(root)(until)}`}; go on with pm2-gitops resume`,
      );
      end(EXIT.done);
    });
}

/** `resume`: lets changes happen again. */
export function resumeVerb({ terminal }: Session, end: End): Verb {
  return verb('resume', 'lets changes happen again')
    .option('--json', 'for programs')
    .example('resume', 'ends a hold')
    .action(async (options: CommonOptions) => {
      const root = await openNamedRoot(options);
      const wasHeld = await resume(root);
      const warnings = resumeWarnings(await rulesHere(root));
      const then = warnings.length > 0 ? '' : '; the next poll goes on, pm2-gitops apply now';
      terminal.tell({ schema: 1, wasHeld, warnings }, wasHeld ? `resumed${then}` : 'it was not held');
      warnings.forEach(terminal.caution);
      end(EXIT.done);
    });
}

/** `rollback`: back to the previous proven release, and stays there. */
export function rollbackVerb(session: Session, end: End): Verb {
  return verb('rollback', 'back to the previous proven release, and pins it there')
    .option('--json', 'for programs')
    .example('rollback', 'the newest release is bad: back, and stay there until unpin')
    .action(async (options: CommonOptions) => {
      const root = await openNamedRoot(options);
      const previous = await previousRelease(root);
      await pinRelease(root, previous, null);
      session.terminal.progress(plainLine(`pinned on ${describeRelease(previous)}; later: pm2-gitops unpin`));
      end(await bringNow(root, { cause: 'rollback', to: null, hurried: false, startPm2: false }, session));
    });
}

/** `retry [TAG]`: out of quarantine, out of `stuck`. */
export function retryVerb({ terminal, signal }: Session, end: End): Verb {
  return verb('retry', 'takes a release out of quarantine, leads out of stuck')
    .argument('[tag]', 'only this one')
    .option('--json', 'for programs')
    .example('retry', 'what stood in the way is mended: try all again')
    .example('retry v1.4.2', 'only that one')
    .action(async (tag: string | undefined, options: CommonOptions) => {
      const changed = await retry(await openNamedRoot(options), tag ?? null, signal);
      terminal.tell(
        { schema: 1, retried: changed },
        changed
          ? 'it is tried again: at the next poll, or now with pm2-gitops apply'
          : 'nothing is in quarantine or stuck',
      );
      end(EXIT.done);
    });
}
