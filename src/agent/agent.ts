import { EventEmitter } from 'node:events';
import { watch } from 'node:fs';
import { basename } from 'node:path';
import { isGitOpsError } from '../domain/errors.js';
import type { MovedTag } from '../domain/observed.js';
import type { Commit, Instant, Release } from '../domain/release.js';
import type { PollResult } from '../domain/turn.js';
import { systemClock } from '../os/clock.js';
import type { EndedRun } from './ended-runs.js';
import type { Root } from './root.js';
import type { Listener } from './tell-programs.js';

/** What a poll did. `held`: the disk takes nothing, so it did not even look. */
export type Polled = PollResult | 'held';

/** What a run came to, as an event of the agent. */
export interface RunEvent {
  readonly run: string;
  readonly from: Release | null;
  readonly to: Release;
  /** What went wrong, or null. */
  readonly cause: string | null;
}

/** The source refuses, or two turns in a row could not reach it. `since`, in milliseconds, is the first look that failed. */
export interface OfflineEvent {
  readonly since: Instant;
  readonly error: string;
}

/** The source answers again. */
export type OnlineEvent = Pick<OfflineEvent, 'since'>;

/**
 * The events of an agent: the outcome of a run on this machine (the newest, if several ended between two looks), one when the source is lost and
 * one when it is back, one for each version tag that was moved (nothing follows it), one after each poll, and problems of the poller itself.
 */
export interface AgentEvents {
  activated: [RunEvent];
  rolledBack: [RunEvent];
  failed: [RunEvent];
  blocked: [RunEvent];
  offline: [OfflineEvent];
  online: [OnlineEvent];
  tampered: [MovedTag];
  polled: [Polled];
  problem: [unknown];
}

const RETRY_MS = 10_000;
const SHORTEST_SLEEP_MS = 200;
// The clock may be set while we sleep, and gitops.json may be changed: look up from time to time.
const LONGEST_SLEEP_MS = 600_000;

/** The poller, as it lives in a process: its own, or a customer's app. It never throws into the host and never keeps it alive. */
export class Agent extends EventEmitter<AgentEvents> {
  readonly #folder: string;
  readonly #over = new AbortController();
  readonly #clock = systemClock({ background: true });
  readonly #loop: Promise<void>;
  /** The newest end of a run that the host knows of; a blocked run may end again. */
  #told: string | null = null;
  /** Since when the source has been lost, as the host was told; null: it answers. */
  #lostSince: Instant | null = null;

  /** The moved tags that the host was told of, and where they stand. */
  readonly #moved = new Map<string, Commit>();

  /** Tells programs how the root is; null before the first turn. */
  #listener: Listener | null = null;

  constructor(folder: string) {
    super();
    this.#folder = folder;
    this.#loop = this.#run();
  }

  /** Looks at the source now and launches a worker if there is something to do. Rejects if the root cannot be read. */
  async check(): Promise<Polled> {
    // Somebody waits for it: unlike the turns of the loop, it may keep the process alive until its answer.
    const { openRoot } = await loadTurn();
    return this.#poll(await openRoot(this.#folder), null);
  }

  /** Stops polling. A run that is under way goes on: it is not ours to stop. */
  async close(): Promise<void> {
    this.#over.abort(new Error('the agent was closed'));
    await this.#loop;
  }

  async #run(): Promise<void> {
    this.#told = await this.#newestEnd(); // and meanwhile the host attaches its listeners
    const stopWatching = await this.#watchRuns();
    let turn: Instant | null | 'first' = 'first';
    while (!this.#over.signal.aborted) {
      const planned: Instant = await this.#take(turn).catch((error: unknown) => this.#tellProblem(error));
      const waitMs = planned - this.#clock.now();
      await this.#sleep(Math.min(Math.max(waitMs, SHORTEST_SLEEP_MS), LONGEST_SLEEP_MS));
      turn = waitMs <= LONGEST_SLEEP_MS ? planned : null;
    }
    stopWatching();
    await this.#listener?.close();
  }

  /** Takes a turn, if there is one to take, and tells when the next one is. */
  async #take(turn: Instant | null | 'first'): Promise<Instant> {
    const { turnsOf } = await loadTurn();
    const root = await this.#open();
    await this.#listen(root);
    const turns = await turnsOf(root);
    const due = turn === 'first' ? turns.first : turn;
    if (due !== null) await this.#poll(root, due);
    await this.#tellRuns();
    return turns.following(this.#clock.now());
  }

  /** A disk that takes nothing is told, and looked at again with the next turn. */
  async #poll(root: Root, turn: Instant | null): Promise<Polled> {
    const { poll } = await loadTurn();
    const polled = await poll(root, turn, this.#over.signal).catch((error: unknown) => {
      if (!isGitOpsError(error, 'DISK_FULL', 'DISK_READONLY')) throw error;
      this.emit('problem', error);
      return 'held' as const;
    });
    this.emit('polled', polled);
    if (polled !== 'notOurTurn') await this.#tellFile(root);
    await this.#tellLine(root);
    await this.#tellMoved(root);
    return polled;
  }

  async #listen(root: Root): Promise<void> {
    const { Listener } = await loadTurn();
    this.#listener ??= new Listener(this.#clock, (error) => this.emit('problem', error));
    await this.#listener.follow(root);
  }

  /** A file that cannot be written keeps nobody from polling. */
  async #tellFile(root: Root): Promise<void> {
    const { tellFile } = await loadTurn();
    await tellFile(root, this.#over.signal).catch((error: unknown) => this.#tellProblem(error));
  }

  /** Nothing that goes wrong here reaches the host: it is told, and tried again. */
  #tellProblem(error: unknown): Instant {
    if (!this.#over.signal.aborted) this.emit('problem', error);
    return this.#clock.now() + RETRY_MS;
  }

  /** A worker's end shows at once, not only at the next turn. */
  async #watchRuns(): Promise<() => void> {
    try {
      const root = await this.#open();
      const watcher = watch(root.layout.state, { persistent: false }, (_, name) => {
        // Another poller of this machine may have looked.
        const told = name === basename(root.layout.observed) ? this.#tellLine(root) : this.#tellRuns();
        told.catch((error: unknown) => this.#tellProblem(error));
      });
      watcher.on('error', () => {
        watcher.close();
      });
      return () => {
        watcher.close();
      };
    } catch (error) {
      this.#tellProblem(error);
      return () => undefined;
    }
  }

  async #tellRuns(): Promise<void> {
    const { newestEnded } = await loadTurn();
    const newest = await newestEnded(await this.#open());
    if (newest === null || endOf(newest) === this.#told) return;
    this.#told = endOf(newest);
    const { id, from, to, outcome, problem } = newest;
    this.emit(outcome, { run: id, from, to, cause: problem });
  }

  async #tellLine(root: Root): Promise<void> {
    const { lineNews } = await loadTurn();
    const news = await lineNews(root, this.#lostSince);
    if (news === null || (news.what === 'offline') === (this.#lostSince !== null)) return; // told meanwhile
    this.#lostSince = news.what === 'offline' ? news.since : null;
    if (news.what === 'offline') this.emit('offline', { since: news.since, error: news.error });
    else this.emit('online', { since: news.since });
  }

  async #tellMoved(root: Root): Promise<void> {
    const { movedNow } = await loadTurn();
    for (const moved of await movedNow(root)) {
      if (this.#moved.get(moved.tag) === moved.now) continue;
      this.#moved.set(moved.tag, moved.now);
      this.emit('tampered', moved);
    }
  }

  async #newestEnd(): Promise<string | null> {
    try {
      const { newestEnded } = await loadTurn();
      const newest = await newestEnded(await this.#open());
      return newest === null ? null : endOf(newest);
    } catch {
      return null; // the first turn tells what is wrong with the root
    }
  }

  async #open(): Promise<Root> {
    const { openRoot } = await loadTurn();
    return openRoot(this.#folder, { background: true });
  }

  async #sleep(ms: number): Promise<void> {
    await this.#clock.sleep(ms, this.#over.signal).catch(() => undefined); // closed
  }
}

function loadTurn() {
  return import('./turn.js');
}

function endOf({ id, endedAt }: EndedRun): string {
  return `${id} ${String(endedAt)}`;
}
