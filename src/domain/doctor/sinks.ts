import { orOk, skipped, warning, type Check } from '../check.js';

/** Somebody who is to hear of this machine: what failed when it was told last, and how many notices wait for it. */
export interface SinkSight {
  readonly name: string;
  readonly waiting: number;
  readonly error: string | null;
}

/** Whether those who are to hear of this machine can be told. */
export function judgeSinks(sinks: readonly SinkSight[]): Check[] {
  if (sinks.length === 0) return [skipped('root.notices', 'nobody is told anything of this machine')];
  const failing = sinks.flatMap(({ name, waiting, error }) =>
    error === null
      ? []
      : [
          warning(
            'root.notices',
            `${name}: ${error}${waiting === 0 ? '' : `; ${waiting} wait`}`,
            `mend what it says, then pm2-gitops notify test ${name}`,
          ),
        ],
  );
  return orOk(failing, 'root.notices', `told: ${sinks.map(({ name }) => name).join(', ')}`);
}
