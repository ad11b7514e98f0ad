import type { Command } from 'commander';
import { hold, pin, pinRelease, resume, retry, unpin } from '../../agent/orders.js';
import { previousRelease } from '../../agent/records.js';
import { setChannel } from '../../agent/set-channel.js';
import { rulesHere } from '../../agent/show-policy.js';
import { channelWarnings, pinWarnings, resumeWarnings } from '../../domain/order-warnings.js';
import { plainLine } from '../../domain/plain.js';
import { describeRelease } from '../../domain/release.js';
import { bringNow } from '../bring.js';
import { EXIT } from '../exit.js';
import { jsonLine } from '../json.js';
import { momentsOf } from '../moment.js';
import { openNamedRoot, parseUntil, verb, type CommonOptions, type Session } from '../session.js';
import type { Terminal } from '../terminal.js';

type End = (code: number) => void;

interface UntilOptions extends CommonOptions {
  readonly until?: string;
  readonly reason?: string;
}

/** `pin TAG`: holds this machine on a release. */
export function pinVerb({ terminal, signal }: Session, end: End): Command {
  return verb('pin', 'holds this machine on one release, downgrades included')
    .argument('<tag>', 'a tag of the repository')
    .option('--until <when>', 'a span such as 2h, or a moment such as 2026-12-24T18:00')
    .action(async (tag: string, options: UntilOptions) => {
      const root = await openNamedRoot(options);
      const until = options.until === undefined ? null : parseUntil(options.until, root);
      const release = await pin(root, { tag, until }, signal);
      const how = until === null ? '' : ` until ${momentsOf(root)(until)}`;
      terminal.data(
        plainLine(
          `pinned on ${describeRelease(release)}${how}; the next poll brings it, pm2-gitops apply now`,
        ),
      );
      note(terminal, pinWarnings(await rulesHere(root), release, root.config.tagPrefix));
      end(EXIT.done);
    });
}

/** `unpin`: follows the channel again. */
export function unpinVerb({ terminal }: Session, end: End): Command {
  return verb('unpin', 'follows the channel again').action(async (options: CommonOptions) => {
    const root = await openNamedRoot(options);
    const was = await unpin(root);
    const { channelText } = root.config;
    terminal.data(
      was === null
        ? 'it was not pinned'
        : plainLine(`unpinned from ${describeRelease(was)}; it follows the channel ${channelText}`),
    );
    note(terminal, channelWarnings(await rulesHere(root), channelText));
    end(EXIT.done);
  });
}

/** `channel [NAME]`: shows or sets the channel. */
export function channelVerb({ terminal, signal }: Session, end: End): Command {
  return verb('channel', 'shows or sets the channel')
    .argument('[name]', 'stable, beta, 1.x, v1.4.2, branch:main, ref:release/stable')
    .option('--json', 'for programs')
    .action(async (name: string | undefined, options: CommonOptions) => {
      const root = await openNamedRoot(options);
      const written = name?.trim() ?? root.config.channelText;
      const release = name === undefined ? null : await setChannel(root, written, signal);
      const rules = await rulesHere({ ...root, config: { ...root.config, channelText: written } });
      const inForce = rules.channelText;
      if (options.json === true) terminal.data(jsonLine({ schema: 1, channel: written, inForce }));
      else if (name === undefined) terminal.data(plainLine(written));
      else {
        const picks =
          release === null ? 'no release fits it yet' : `it picks ${describeRelease(release)} now`;
        terminal.data(plainLine(`channel ${written}: ${picks}`));
      }
      note(terminal, channelWarnings(rules, written));
      end(EXIT.done);
    });
}

/** `hold`: stops all changes. */
export function holdVerb({ terminal }: Session, end: End): Command {
  return verb('hold', 'stops all changes on this machine')
    .option('--reason <text>', 'why, for whoever looks next')
    .option('--until <when>', 'a span such as 2h, or a moment such as 2026-12-24T18:00')
    .action(async (options: UntilOptions) => {
      const root = await openNamedRoot(options);
      const until = options.until === undefined ? null : parseUntil(options.until, root);
      await hold(root, { reason: options.reason ?? null, until });
      terminal.data(
        `held${until === null ? '' : ` until ${momentsOf(root)(until)}`}; go on with pm2-gitops resume`,
      );
      end(EXIT.done);
    });
}

/** `resume`: lets changes happen again. */
export function resumeVerb({ terminal }: Session, end: End): Command {
  return verb('resume', 'lets changes happen again').action(async (options: CommonOptions) => {
    const root = await openNamedRoot(options);
    const held = await resume(root);
    const words = resumeWarnings(await rulesHere(root));
    const then = words.length > 0 ? '' : '; the next poll goes on, pm2-gitops apply now';
    terminal.data(held ? `resumed${then}` : 'it was not held');
    note(terminal, words);
    end(EXIT.done);
  });
}

function note(terminal: Terminal, words: readonly string[]): void {
  for (const word of words) terminal.progress(`${terminal.quiet.yellow('!')} ${plainLine(word)}`);
}

/** `rollback`: back to the previous proven release, and stays there. */
export function rollbackVerb(session: Session, end: End): Command {
  return verb('rollback', 'back to the previous proven release, and pins it there').action(
    async (options: CommonOptions) => {
      const root = await openNamedRoot(options);
      const previous = await previousRelease(root);
      await pinRelease(root, previous, null);
      session.terminal.progress(plainLine(`pinned on ${describeRelease(previous)}; later: pm2-gitops unpin`));
      end(await bringNow(root, { cause: 'rollback', to: null, hurried: false, startPm2: false }, session));
    },
  );
}

/** `retry [TAG]`: out of quarantine, out of `stuck`. */
export function retryVerb({ terminal, signal }: Session, end: End): Command {
  return verb('retry', 'takes a release out of quarantine, leads out of stuck')
    .argument('[tag]', 'only this one')
    .action(async (tag: string | undefined, options: CommonOptions) => {
      const changed = await retry(await openNamedRoot(options), tag ?? null, signal);
      terminal.data(
        changed
          ? 'it is tried again: at the next poll, or now with pm2-gitops apply'
          : 'nothing is in quarantine or stuck',
      );
      end(EXIT.done);
    });
}
