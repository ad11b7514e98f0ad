import * as v from 'valibot';
import { isGitOpsError } from '../domain/errors.js';
import { LEVELS, NOTICE_EVENTS, type NoticeEvent } from '../domain/notice.js';
import { shortened, type Outbox } from '../domain/outbox.js';
import type { Told } from '../domain/told.js';
import type { Layout } from './layout.js';
import { readOnce } from '../os/read-once.js';
import { readRecord, writeRecord } from './records.js';

/** What was told, and what is still to be sent: in one record, so that nothing is told twice and nothing is lost between the two. */
export interface NoticeRecord {
  readonly told: Told;
  readonly outbox: Outbox;
}

const instant = v.number();
const EVENTS = Object.keys(NOTICE_EVENTS).filter((name): name is NoticeEvent => name in NOTICE_EVENTS);
const event = v.picklist(EVENTS);
const release = v.object({ tag: v.string(), commit: v.string(), ref: v.nullable(v.string()) });

const notice = v.object({
  ...{ id: v.string(), at: instant, event, level: v.picklist(LEVELS) },
  ...{ machine: v.object({ id: v.string(), name: v.string() }), root: v.string() },
  ...{ from: v.nullable(release), to: v.nullable(release), run: v.nullable(v.string()) },
  ...{ cause: v.nullable(v.string()), since: instant, times: v.number(), reminder: v.boolean() },
  ends: v.nullable(v.object({ event, since: instant, times: v.number() })),
  release: v.nullable(v.object({ title: v.string(), notes: v.string() })),
});

const concern = v.object({
  ...{ about: v.string(), mark: v.string(), event, release: v.nullable(release) },
  ...{ since: instant, toldAt: instant, times: v.number() },
});

const line = v.object({
  ...{ failures: v.number(), until: v.nullable(instant), error: v.nullable(v.string()), at: instant },
});

/** `notices.json`. */
const noticesFile = v.object({
  schema: v.literal(1),
  told: v.object({
    end: v.nullable(v.object({ run: v.string(), at: instant })),
    ...{ concerns: v.array(concern), count: v.number() },
  }),
  outbox: v.object({
    letters: v.array(v.object({ notice, to: v.array(v.string()) })),
    ...{ lines: v.record(v.string(), line), dropped: v.number() },
  }),
});

const readNoticesOf = readOnce((path) => readRecord(path, noticesFile));

/** Reads it; null before the first time, and where it was lost. Throws `STATE_NEWER`. */
export async function readNotices({ notices }: Layout): Promise<NoticeRecord | null> {
  return readNoticesOf(notices);
}

/** Replaces it, and gives back what is there now: on a full disk the oldest letters make room. Only the holder of `courier.lock` writes. */
export async function writeNotices(layout: Layout, { told, outbox }: NoticeRecord): Promise<NoticeRecord> {
  try {
    await writeRecord(layout.notices, { told, outbox });
    return { told, outbox };
  } catch (error) {
    const { length } = outbox.letters;
    if (length === 0 || !isGitOpsError(error, 'DISK_FULL')) throw error;
    return writeNotices(layout, { told, outbox: shortened(outbox, Math.floor(length / 2)) });
  }
}
