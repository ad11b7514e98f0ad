import satisfies from 'semver/functions/satisfies.js';
import validRange from 'semver/ranges/valid.js';
import { ok, orOk, problem, skipped, warning, type Check } from '../check.js';

/** Which Node.js runs what, and what releases ask for. */
export interface Engines {
  readonly agent: string;
  /** Null: no daemon tells. */
  readonly daemon: string | null;
  /** `range`: `engines.node` as written; null: the release asks for nothing. */
  readonly releases: readonly {
    readonly name: string;
    readonly is: 'active' | 'desired';
    readonly range: string | null;
  }[];
}

/** Whether the Node.js of pm2 and of the agent fit what runs and what is to come. What is no range asks for nothing, as npm has it. */
export function judgeEngines({ agent, daemon, releases }: Engines): Check[] {
  if (releases.length === 0) return [skipped('apps.engines', 'no release is at hand')];
  const asking = releases.flatMap(({ name, is, range }) =>
    range === null || validRange(range) === null ? [] : [{ name, is, range }],
  );
  const found = asking.flatMap(({ name, is, range }) => [
    ...unfit(is === 'desired', { name, range, who: 'the agent', version: agent }),
    ...(daemon === null ? [] : unfit(false, { name, range, who: 'the pm2 daemon', version: daemon })),
  ]);
  const versions = daemon === null ? agent : `${agent} (agent), ${daemon} (pm2)`;
  if (asking.length === 0) return [ok('apps.engines', `releases ask for none; Node.js ${versions}`)];
  return orOk(
    found,
    'apps.engines',
    `Node.js ${versions} fits ${asking.map(({ range }) => range).join(', ')}`,
  );
}

interface Fit {
  readonly name: string;
  readonly range: string;
  readonly who: string;
  readonly version: string;
}

/** The agent refuses a release to come by its own Node.js. */
function unfit(isRefused: boolean, { name, range, who, version }: Fit): Check[] {
  if (satisfies(version, range)) return [];
  const detail = `${name} wants Node.js ${range}, ${who} has ${version}`;
  const mend = `install a Node.js that fits, and start ${who === 'the agent' ? 'pm2-gitops' : 'pm2'} with it`;
  return [isRefused ? problem('apps.engines', detail, mend) : warning('apps.engines', detail, mend)];
}
