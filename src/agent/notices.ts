import type { SinkConfig } from '../config/notify.js';
import { GitOpsError } from '../domain/errors.js';
import type { Level, Notice, NoticeEvent } from '../domain/notice.js';
import { EMPTY_OUTBOX, type Reception } from '../domain/outbox.js';
import type { Instant } from '../domain/release.js';
import { readNotices } from '../state/notice-store.js';
import { knownUpgrade } from './known-upgrade.js';
import type { Root } from './root.js';
import { beat, isSwitch, tellSink } from './sinks.js';

/** A sink, what it hears, and how it goes with it. */
export interface SinkReport {
  readonly name: string;
  readonly type: SinkConfig['type'];
  readonly level: Level;
  /** Null: all. */
  readonly events: readonly NoticeEvent[] | null;
  /** How many notices are still to be sent to it. */
  readonly waiting: number;
  /** When it was last sent something; null: never. */
  readonly at: Instant | null;
  /** Why that failed, or null. */
  readonly error: string | null;
  /** It is left alone until then. */
  readonly until: Instant | null;
}

/** Every sink of a root. */
export async function readSinks({ layout, config }: Root): Promise<SinkReport[]> {
  const { letters, lines } = (await readNotices(layout))?.outbox ?? EMPTY_OUTBOX;
  return config.notify.map(({ name, type, taste }) => {
    const { at = null, error = null, until = null } = lines[name] ?? {};
    const waiting = letters.filter(({ to }) => to.includes(name)).length;
    return { name, type, ...taste, waiting, at, error, until };
  });
}

/** What came of a test. */
export interface SinkTest {
  readonly name: string;
  readonly type: SinkConfig['type'];
  /** Null: it took it. */
  readonly error: string | null;
}

/** Sends a test to the named sink, or to all; past the outbox, and whatever they want to hear. Throws `USAGE` where there is none of that name. */
export async function testSinks(root: Root, name: string | null, signal: AbortSignal): Promise<SinkTest[]> {
  const chosen = root.config.notify.filter((sink) => name === null || sink.name === name);
  if (chosen.length === 0) throw noSink(root, name);
  return Promise.all(
    chosen.map(async (sink) => {
      const reception = await testSink(root, sink, signal);
      const error = reception.kind === 'taken' ? null : reception.why;
      return { name: sink.name, type: sink.type, error };
    }),
  );
}

async function testSink(root: Root, config: SinkConfig, signal: AbortSignal): Promise<Reception> {
  if (isSwitch(config)) return beat(root, { config, heartbeat: { up: true, words: 'a test' } }, signal);
  return (await tellSink(root, { config, notice: await testNotice(root) }, signal)).reception;
}

async function testNotice(root: Root): Promise<Notice> {
  const { machine, layout, config, host } = root;
  const at = host.clock.now();
  const { active } = await knownUpgrade(root);
  return {
    ...{ id: `${machine.id}-${at.toString(36)}-test`, at, event: 'test', level: 'info' },
    ...{ machine: { id: machine.id, name: config.name ?? host.hostName }, root: layout.root },
    ...{ from: null, to: active?.release ?? null, run: null, cause: null },
    ...{ since: at, times: 1, reminder: false, ends: null, release: null },
  };
}

function noSink({ config, layout }: Root, name: string | null): GitOpsError {
  const names = config.notify.map((sink) => sink.name);
  if (names.length === 0)
    return new GitOpsError('USAGE', 'nobody is told anything of this machine', {
      hint: `name somebody under notify in ${layout.config}; see docs/notices.md`,
    });
  return new GitOpsError('USAGE', `notify has no sink "${name ?? ''}"`, {
    hint: `it has ${names.join(', ')}`,
  });
}
