import * as v from 'valibot';

/**
 * The line to the pm2 daemon that started this process: what pm2 calls custom metrics and actions, by messages of its own
 * (https://github.com/keymetrics/pm2-io-apm speaks the same).
 *
 *     axm:monitor { name: { value } }   ──▶  pm2 show, pm2 monit
 *     axm:action  { action_name }       ──▶  pm2 knows it
 *     'action', { msg, opts }           ◀──  pm2 trigger APP ACTION [PARAMETER]
 *     axm:reply   { return }            ──▶  its answer; pm2 trigger waits for it without any limit
 */
export interface Pm2Line {
  /** Shows values under names; what is not named stays as it is. */
  show(values: Readonly<Record<string, string>>): void;
  /** Takes actions; gives back how to stop that. Each call must be answered by `reply`. */
  listen(actions: readonly string[], onTrigger: (action: string, parameter: string) => void): () => void;
  reply(action: string, answer: object): void;
}

const trigger = v.union([
  v.pipe(
    v.string(),
    v.transform((msg) => ({ msg, opts: '' })),
  ),
  v.object({ msg: v.string(), opts: v.nullish(v.union([v.string(), v.number()]), '') }),
]);

/** Opens the line of this process. Only for a process that pm2 has started. */
export function openPm2Line(): Pm2Line {
  return {
    show: (values) => {
      const shown = Object.entries(values).map(([name, value]): [string, object] => [name, { value }]);
      send('axm:monitor', Object.fromEntries(shown));
    },
    listen: (actions, onTrigger) => {
      const onMessage = (message: unknown): void => {
        const parsed = v.safeParse(trigger, message);
        if (parsed.success && actions.includes(parsed.output.msg))
          onTrigger(parsed.output.msg, String(parsed.output.opts));
      };
      process.on('message', onMessage);
      for (const name of actions) send('axm:action', { action_name: name, action_type: 'custom', arity: 1 });
      return () => process.off('message', onMessage);
    },
    reply: (action, answer) => {
      send('axm:reply', { action_name: action, return: answer });
    },
  };
}

/** A daemon that is gone hears nothing, and there is nobody to tell it to. */
function send(type: string, payload: object): void {
  if (process.connected) process.send?.({ type, data: payload }, undefined, undefined, () => undefined);
}
