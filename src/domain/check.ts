/** One check of `doctor`: what was looked at, how it stands, and what mends it. */
export interface Check {
  readonly name: string;
  readonly level: 'ok' | 'warning' | 'problem';
  readonly detail: string;
  readonly mend: string | null;
}

/** A check that passed. */
export function ok(name: string, detail: string): Check {
  return { name, level: 'ok', detail, mend: null };
}

/** Something that works today and will hurt one day. */
export function warning(name: string, detail: string, mend: string): Check {
  return { name, level: 'warning', detail, mend };
}

/** Something that keeps upgrades from working. */
export function problem(name: string, detail: string, mend: string): Check {
  return { name, level: 'problem', detail, mend };
}
