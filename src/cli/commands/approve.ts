import { approvals, approve, withdrawApproval } from '../../agent/approvals.js';
import type { Root } from '../../agent/root.js';
import { GitOpsError } from '../../domain/errors.js';
import type { Approval } from '../../domain/orders.js';
import { plainLine } from '../../domain/plain.js';
import { describeRelease } from '../../domain/release.js';
import { EXIT } from '../exit.js';
import { approvalJson } from '../json.js';
import { momentsOf, type Say } from '../moment.js';
import { openNamedRoot, parseUntil, verb, type CommonOptions, type Session } from '../session.js';
import type { Verb } from '../verb.js';

interface ApproveOptions extends CommonOptions {
  readonly until?: string;
  readonly withdraw?: boolean;
}

/** `approve [TAG]`: lets a release come that waits for somebody's word; without a tag, what is approved. */
export function approveVerb({ terminal, signal }: Session, end: (code: number) => void): Verb {
  return verb('approve', 'lets a release come that waits for approval; without a tag, lists what is approved')
    .argument('[tag]', 'a tag of the repository')
    .option('--until <when>', 'a span such as 2h, or a moment such as 2026-12-24T18:00 (default: 7d)')
    .option('--withdraw', 'take it back')
    .option('--json', 'for programs')
    .example('approve', 'what is approved here')
    .example('approve v2.0.0 --until 2d', 'lets v2.0.0 come within two days')
    .example('approve v2.0.0 --withdraw', 'takes it back')
    .action(async (tag: string | undefined, options: ApproveOptions) => {
      const root = await openNamedRoot(options);
      if (tag === undefined && (options.withdraw === true || options.until !== undefined)) throw nameOne();
      const done = tag === undefined ? '' : await change(root, { ...options, tag }, signal);
      const standing = await approvals(root);
      terminal.tell(
        { schema: 1, approvals: standing.map(approvalJson) },
        tag === undefined ? list(standing, momentsOf(root)) : done,
      );
      end(EXIT.done);
    });
}

async function change(
  root: Root,
  { tag, until, withdraw }: ApproveOptions & { readonly tag: string },
  signal: AbortSignal,
): Promise<string> {
  if (withdraw === true) {
    const was = await withdrawApproval(root, tag);
    return plainLine(
      was === null ? `${tag} was not approved` : `${describeRelease(was)} is approved no more`,
    );
  }
  const end = until === undefined ? null : parseUntil(until, root);
  const approval = await approve(root, { tag, until: end }, signal);
  return `${tell(approval, momentsOf(root))}; the next poll goes on with it, pm2-gitops apply now`;
}

function list(standing: readonly Approval[], say: Say): string {
  if (standing.length === 0) return 'nothing is approved here';
  return standing.map((approval) => tell(approval, say)).join('\n');
}

function tell({ release, until }: Approval, say: Say): string {
  const end = until === null ? '' : ` until ${say(until)}`;
  return plainLine(`${describeRelease(release)} is approved${end}`);
}

function nameOne(): GitOpsError {
  return new GitOpsError('USAGE', 'which release?', { hint: 'pm2-gitops approve TAG' });
}
