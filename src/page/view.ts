import type { GateReport } from '../domain/gates.js';
import type { RuleOrigin } from '../domain/origins.js';
import type { Instant } from '../domain/release.js';
import type { Run } from '../domain/run.js';
import type { Status } from '../domain/status.js';
import type { Spell } from '../domain/window.js';

/** What a page shows: each root, as it is at one moment. */
export interface PageView {
  readonly roots: readonly RootView[];
  readonly now: Instant;
  /** In which the page tells moments, an IANA name. */
  readonly zone: string;
}

/** A root as the page shows it; or why it could not be read. */
export type RootView =
  | ({ readonly read: true } & RootFacts)
  | { readonly read: false; readonly root: string; readonly problem: string; readonly hint: string | null };

/** What is known of a root. */
export interface RootFacts {
  readonly status: Status;
  /** What each gate says of the desired release; empty where there is nothing to change. */
  readonly gates: readonly GateReport[];
  /** Who says what of this machine. */
  readonly rules: readonly RuleOrigin[];
  /** When it may change, now or next; null: at any time. */
  readonly opening: Spell | 'never' | null;
  /** The first turn of several that nobody took: no poller lives. Null: none. */
  readonly missed: Instant | null;
  /** Newest first. */
  readonly runs: readonly RunView[];
}

/** A run, and what it said. */
export interface RunView extends Run {
  /** Null: it stands elsewhere. */
  readonly log: LogView | null;
  /** Where all of its log can be read; null: only at the machine. */
  readonly logAddress: string | null;
}

/** The end of a log. */
export interface LogView {
  readonly lines: readonly LoggedLine[];
  /** How many lines came before. */
  readonly omitted: number;
}

/** A line of a run's log: what the run did, or what a command of it said. */
export interface LoggedLine {
  readonly at: Instant;
  readonly kind: 'step' | 'output';
  readonly text: string;
}

/** Where and when moments are told. */
export type Telling = Pick<PageView, 'now' | 'zone'>;
