import type { Level } from '../../domain/notice.js';
import { cut, tellNotice } from '../../domain/tell-notice.js';
import { receptionOf } from './reception.js';
import { jsonTo, type Service } from './request.js';

// A message of more than 28 KB is refused (https://learn.microsoft.com/microsoftteams/limits-specifications-teams), and each line costs some of it.
const MOST_NOTES = 3_000;
const MOST_LINES = 40;
const COLORS: Readonly<Record<Level, string>> = { info: 'Good', warning: 'Warning', problem: 'Attention' };

/**
 * Microsoft Teams, by a workflow that posts what its webhook receives
 * (https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook): one adaptive card, at most four a second.
 * Text blocks and facts would be read as Markdown (https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format); text runs are not.
 */
export function teams(url: string): Service {
  return {
    gapMs: 300,
    request(notice) {
      const { headline, facts, notes } = tellNotice(notice);
      const noteLines = notes === null ? [] : cut(notes, MOST_NOTES).split('\n').slice(0, MOST_LINES);
      const title = { ...run(headline), weight: 'Bolder', size: 'Medium', color: COLORS[notice.level] };
      const body = [
        paragraph(title),
        ...facts.map(([name, value]) => paragraph({ ...run(`${name}: `), weight: 'Bolder' }, run(value))),
        ...noteLines.filter((line) => line.trim() !== '').map((line) => paragraph(run(line))),
      ];
      return jsonTo(url, { type: 'message', attachments: [{ ...ATTACHMENT, content: { ...CARD, body } }] });
    },
    reception: receptionOf,
  };
}

const ATTACHMENT = { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null };
const CARD = {
  $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
  ...{ type: 'AdaptiveCard', version: '1.4', msteams: { width: 'Full' } },
};

function run(text: string): object {
  return { type: 'TextRun', text };
}

function paragraph(...inlines: readonly object[]): object {
  return { type: 'RichTextBlock', inlines };
}
