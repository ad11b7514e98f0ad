import type { Mark, SystemProcess } from '../domain/orphan.js';
import type { Instant } from '../domain/release.js';
import { listSystem, type Seen } from '../os/system-linux.js';

const NAMES = ['pm_id', 'pm_uptime', 'name', 'pm_cwd', 'pm_exec_path', 'pmx_module', 'PM2_HOME'];

/** All processes of the system, each with the incarnation of an app that its environment tells. Null where the system does not tell. */
export async function listHousehold(now: Instant): Promise<SystemProcess[] | null> {
  const seen = await listSystem(NAMES, now);
  return seen?.map(({ variables, ...process }) => ({ ...process, mark: markOf(variables) })) ?? null;
}

/** pm2 sets these for each app, and whatever the app starts inherits them unless it is given an environment of its own. */
function markOf(variables: Seen['variables']): Mark | null {
  const [pmId, startedAt] = ['pm_id', 'pm_uptime'].map((name) => Number(variables.get(name) ?? Number.NaN));
  if (pmId === undefined || startedAt === undefined || Number.isNaN(pmId + startedAt)) return null;
  return {
    ...{ pmId, startedAt, name: variables.get('name') ?? '' },
    ...{ cwd: variables.get('pm_cwd') ?? '', script: variables.get('pm_exec_path') ?? '' },
    isModule: variables.get('pmx_module') === 'true',
    home: variables.get('PM2_HOME') ?? null,
  };
}
