import type { Check } from '../../domain/check.js';
import { judgeSinks } from '../../domain/doctor/sinks.js';
import { readSinks } from '../notices.js';
import type { Visit } from './visit.js';

/** Who is to hear of this machine, by what came of telling them last: nobody is told anything for this. */
export async function checkNotices({ root }: Visit): Promise<Check[]> {
  return judgeSinks(await readSinks(root));
}
