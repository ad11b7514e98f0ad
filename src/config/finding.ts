import type { Mistake } from './issues.js';
import type { Path } from './located.js';

/** Something about a policy that its shape does not tell. */
export interface Finding extends Mistake {
  /** A warning does not keep the policy from being followed. */
  readonly level: 'error' | 'warning';
}

/** A finding about the value that some keys lead to. */
export function finding(level: Finding['level'], path: Path, text: string): Finding {
  return { level, path, text, part: 'value' };
}
