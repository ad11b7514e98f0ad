import { uptime } from 'node:os';
import type { Instant } from '../domain/release.js';

/** The only source of time. Tests pass their own. */
export interface Clock {
  /** Wall-clock time, for records. It may jump. */
  now(): Instant;
  /** Milliseconds on a clock that never jumps, for measuring waits. */
  monotonicMs(): number;
  /** Resolves after `ms`, or rejects with the signal's reason as soon as it aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** How long the machine has been running. */
export function uptimeMs(): number {
  return uptime() * 1000;
}

/** The zone of the machine's clock, an IANA name; UTC where the machine names none that is one. */
export function machineZone(): string {
  if (knownZone === null) {
    const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
    knownZone = isNamed(timeZone) ? timeZone : 'UTC';
  }
  return knownZone;
}

// The platform takes a third of a millisecond to tell it, and Node.js itself asks only once.
let knownZone: string | null = null;

/** The platform says nothing of a zone that it does not know, though its type says otherwise. */
function isNamed(zone: unknown): zone is string {
  return typeof zone === 'string' && zone !== 'Etc/Unknown';
}

/** The machine's clock. With `background`, a sleep never keeps the process alive. */
export function systemClock({ background = false } = {}): Clock {
  return {
    now: () => Date.now(),
    monotonicMs: () => performance.now(),
    sleep: (ms, signal) => sleep(ms, signal, background),
  };
}

function sleep(ms: number, signal: AbortSignal, background: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(abortReason(signal));
      return;
    }
    const end = (): void => {
      clearTimeout(timer);
      reject(abortReason(signal));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', end);
      resolve();
    }, ms);
    if (background) timer.unref();
    signal.addEventListener('abort', end, { once: true });
  });
}

function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted');
}
