import type { Notice } from '../../domain/notice.js';
import { iso, releaseJson } from '../../domain/json.js';
import { asText, tellNotice } from '../../domain/tell-notice.js';

const MOST_TEXT = 4_000;

/** A notice for programs: moments as ISO time, and beside it what people would read. */
export function noticeJson(notice: Notice): object {
  const { id, at, event, level, machine, root, from, to, run, cause, since, times, reminder, ends, release } =
    notice;
  return {
    ...{ schema: 1, id, at: iso(at), event, level, machine, root },
    ...{
      from: from && releaseJson(from),
      to: to && releaseJson(to),
      run,
      cause,
      since: iso(since),
      times,
      reminder,
    },
    ends: ends === null ? null : { ...ends, since: iso(ends.since) },
    ...{ release, text: asText(tellNotice(notice), MOST_TEXT) },
  };
}
